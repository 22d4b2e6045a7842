// The part of PostgREST's URL grammar that is served: plain columns, five operators, order and limit.

import { NotServed } from "../not_served.ts";

export const OPERATORS = ["eq", "in", "is", "lt", "gt"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Filter {
  column: string;
  operator: Operator;
  values: string[];
}

export interface RestQuery {
  /** Null: all. */
  columns: string[] | null;
  filters: Filter[];
  order: { column: string; descending: boolean; nulls: "first" | "last" | null }[];
  limit: number | null;
  onConflict: string[] | null;
  /** The columns that an insert names, where the client lists them. */
  bodyColumns: string[] | null;
}

const NOT_SERVED = new Set(["offset", "or", "and", "not.or", "not.and"]);
/** PostgREST's own cap on rows, as config.toml has it. */
export const MAX_ROWS = 1000;

/** Splits at commas outside of double quotes, and takes the quotes and their escapes off. */
export function splitList(list: string): string[] {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  for (let at = 0; at < list.length; at++) {
    const character = list[at]!;
    if (quoted && character === "\\") part += list[++at] ?? "";
    else if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  return [...parts, part];
}

function columnName(given: string, where: string): string {
  const name = given.trim();
  if (/[():]|->/.test(name) || name === "" || name.includes(".")) {
    throw new NotServed(`"${given}" in ${where} (plain columns only)`);
  }
  return name;
}

function parseFilter(column: string, expression: string): Filter {
  const dot = expression.indexOf(".");
  const operator = OPERATORS.find((known) => known === expression.slice(0, dot));
  if (!operator) {
    throw new NotServed(`the filter ${column}=${expression.slice(0, Math.max(dot, 0)) || expression}`);
  }
  const operand = expression.slice(dot + 1);
  if (operator !== "in") return { column: columnName(column, "a filter"), operator, values: [operand] };
  const list = operand.match(/^\((.*)\)$/s)?.[1];
  if (list === undefined) throw new NotServed(`the list ${operand}`);
  return { column: columnName(column, "a filter"), operator, values: list === "" ? [] : splitList(list) };
}

function parseOrder(list: string): RestQuery["order"] {
  return splitList(list).map((term) => {
    const [column, ...words] = term.split(".");
    const unknown = words.find((word) => !["asc", "desc", "nullsfirst", "nullslast"].includes(word));
    if (unknown !== undefined) throw new NotServed(`"${unknown}" in order`);
    const nulls = words.includes("nullsfirst") ? "first" : words.includes("nullslast") ? "last" : null;
    return { column: columnName(column ?? "", "order"), descending: words.includes("desc"), nulls };
  });
}

/** Reads a URL's parameters; what is not in the list is refused by name. */
export function parseQuery(parameters: URLSearchParams): RestQuery {
  const query: RestQuery = {
    columns: null,
    filters: [],
    order: [],
    limit: null,
    onConflict: null,
    bodyColumns: null,
  };
  for (const [name, value] of parameters) {
    if (name === "apikey") continue;
    if (NOT_SERVED.has(name)) throw new NotServed(`the parameter "${name}"`);
    if (name === "select") {
      if (value.includes("(")) throw new NotServed(`the embedding in select=${value}`);
      const columns = splitList(value).map((column) => columnName(column, "select"));
      query.columns = columns.includes("*") ? null : columns;
    } else if (name === "order") query.order = parseOrder(value);
    else if (name === "limit") {
      if (!/^\d{1,9}$/.test(value)) throw new NotServed(`limit=${value}`);
      query.limit = Number(value);
    } else if (name === "on_conflict") query.onConflict = splitList(value);
    else if (name === "columns") query.bodyColumns = splitList(value);
    else query.filters.push(parseFilter(name, value));
  }
  return query;
}
