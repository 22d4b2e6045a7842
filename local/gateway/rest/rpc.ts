// Calls of SQL functions by name and named arguments.

import type { Catalog, SqlFunction } from "./catalog.ts";
import { RestError } from "./errors.ts";
import { quote, type Statement } from "./statements.ts";

/** The overload that takes exactly these arguments, defaults apart; undefined when there is none. */
export function findFunction(catalog: Catalog, name: string, given: string[]): SqlFunction | undefined {
  return catalog.functions.get(name)?.find((candidate) => {
    const names = candidate.arguments.map((argument) => argument.name);
    return given.every((argument) => names.includes(argument)) &&
      candidate.arguments.every(({ name, hasDefault }) => hasDefault || given.includes(name));
  });
}

/** PostgREST's answer when no overload fits. */
export function noSuchFunction(name: string, given: string[]): RestError {
  const signature = given.length > 0 ? `${name}(${given.join(", ")})` : `${name} without parameters`;
  return new RestError(404, {
    code: "PGRST202",
    message: `Could not find the function public.${signature} in the schema cache`,
    details: `Searched for the function public.${signature}, but no matches were found in the schema cache.`,
  });
}

/** `values` is JSON of a POST's body; texts of a GET's parameters are cast by Postgres's own input functions. */
export function callStatement(
  target: SqlFunction,
  values: { json: Record<string, unknown> } | { texts: Record<string, string> },
): Statement {
  const given = Object.keys("json" in values ? values.json : values.texts);
  const used = target.arguments.filter(({ name }) => given.includes(name));
  const parameters = "json" in values
    ? (used.length > 0 ? [JSON.stringify(values.json)] : [])
    : used.map(({ name }) => values.texts[name] ?? "");
  const passed = used.map(({ name, type }, index) => {
    const value = "json" in values ? `_given.${quote(name)}` : `$${index + 1}::text::${type}`;
    return `${quote(name)} => ${value}`;
  });
  const call = `public.${quote(target.name)}(${passed.join(", ")})`;
  const source = "json" in values && used.length > 0
    ? `json_to_record($1::text::json) as _given(${
      used.map(({ name, type }) => `${quote(name)} ${type}`).join(", ")
    }), `
    : "";
  if (target.returns === "composite" || target.returnsSet) {
    const row = target.returns === "composite" ? "row_to_json(_row)" : "to_json(_row)";
    const body = target.returnsSet ? `coalesce(json_agg(${row}), '[]')` : `(json_agg(${row}) -> 0)`;
    return {
      text: `select ${body} as body, count(*)::int as count from ${source}lateral ${call} as _row`,
      parameters,
    };
  }
  // What is json already would be copied three times more on its way through `to_json`.
  const isJson = target.returns === "void" || target.returns === "json";
  const value = isJson ? "_call.value" : "to_json(_call.value)";
  return {
    text:
      `select ${value} as body, 1 as count from ${source}lateral (select ${call} as value offset 0) as _call`,
    parameters,
  };
}
