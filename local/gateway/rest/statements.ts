// SQL of reads and writes. Names come from the catalog and are quoted; values are parameters, cast to their columns.

import type { Column, Relation } from "./catalog.ts";
import { RestError } from "./errors.ts";
import { type Filter, MAX_ROWS, type RestQuery } from "./query.ts";

export interface Statement {
  text: string;
  parameters: string[];
}

/** What a write says of itself in `Prefer`. */
export interface WritePreferences {
  /** Rows come back. */
  returnsRows: boolean;
  resolution: "merge-duplicates" | "ignore-duplicates" | null;
  /** Columns that a row does not name get their defaults instead of null. */
  missingIsDefault: boolean;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnOf(relation: Relation, name: string): Column {
  const column = relation.columns.get(name);
  if (column) return column;
  throw new RestError(400, {
    code: "42703",
    message: `column ${relation.name}.${name} does not exist`,
  });
}

function bodyColumnOf(relation: Relation, name: string): Column {
  const column = relation.columns.get(name);
  if (column) return column;
  throw new RestError(400, {
    code: "PGRST204",
    message: `Could not find the '${name}' column of '${relation.name}' in the schema cache`,
  });
}

function arrayLiteral(values: string[]): string {
  return `{${values.map((value) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}

const IS_WORDS = ["null", "not_null", "true", "false", "unknown"];

function condition(relation: Relation, filter: Filter, parameters: string[]): string {
  const { type } = columnOf(relation, filter.column);
  const left = `${quote(relation.name)}.${quote(filter.column)}`;
  const [value = ""] = filter.values;
  if (filter.operator === "is") {
    const word = value.toLowerCase();
    if (!IS_WORDS.includes(word)) {
      throw new RestError(400, { code: "PGRST100", message: `failed to parse filter (is.${value})` });
    }
    return `${left} is ${word.replace("_", " ")}`;
  }
  if (filter.operator === "in") {
    parameters.push(arrayLiteral(filter.values));
    return `${left} = any($${parameters.length}::text::${type}[])`;
  }
  parameters.push(value);
  const sign = { eq: "=", lt: "<", gt: ">" }[filter.operator];
  return `${left} ${sign} $${parameters.length}::text::${type}`;
}

function where(relation: Relation, filters: Filter[], parameters: string[]): string {
  if (filters.length === 0) return "";
  return ` where ${filters.map((filter) => condition(relation, filter, parameters)).join(" and ")}`;
}

/** The rows of `source` as JSON, and their number. */
function asJson(source: string): string {
  return `select coalesce(json_agg(_rows), '[]') as body, count(*)::int as count from (${source}) _rows`;
}

function selectList(relation: Relation, query: RestQuery, from: string): string {
  if (query.columns === null) return `${from}.*`;
  return query.columns.map((name) => `${from}.${quote(columnOf(relation, name).name)}`).join(", ");
}

export function selectStatement(relation: Relation, query: RestQuery): Statement {
  const parameters: string[] = [];
  const table = `public.${quote(relation.name)}`;
  const order = query.order.map(({ column, descending, nulls }) =>
    `${quote(relation.name)}.${quote(columnOf(relation, column).name)}${descending ? " desc" : ""}` +
    (nulls ? ` nulls ${nulls}` : "")
  );
  const text = `select ${selectList(relation, query, quote(relation.name))} from ${table}` +
    where(relation, query.filters, parameters) +
    (order.length > 0 ? ` order by ${order.join(", ")}` : "") +
    ` limit ${Math.min(query.limit ?? MAX_ROWS, MAX_ROWS)}`;
  return { text: asJson(text), parameters };
}

/** Wraps a write so that it gives JSON of its rows, or only their number: that needs no right to read them. */
function returning(
  relation: Relation,
  query: RestQuery,
  options: { write: string; returnsRows: boolean },
): string {
  if (!options.returnsRows) {
    return `with _changed as (${options.write} returning 1) select null as body, count(*)::int as count from _changed`;
  }
  const columns = selectList(relation, query, quote(relation.name));
  return `with _changed as (${options.write} returning ${columns}) ${asJson("select * from _changed")}`;
}

function readRows(body: unknown): Record<string, unknown>[] {
  const rows = Array.isArray(body) ? body : [body];
  if (rows.every((row) => typeof row === "object" && row !== null && !Array.isArray(row))) return rows;
  throw new RestError(400, { code: "PGRST102", message: "Empty or invalid json" });
}

function insertColumns(rows: Record<string, unknown>[], query: RestQuery): string[] {
  if (query.bodyColumns) return query.bodyColumns;
  const names = Object.keys(rows[0] ?? {});
  const same = rows.every((row) => {
    const own = Object.keys(row);
    return own.length === names.length && own.every((name) => names.includes(name));
  });
  if (!same) throw new RestError(400, { code: "PGRST102", message: "All object keys must match" });
  return names;
}

function onConflict(
  relation: Relation,
  query: RestQuery,
  options: { columns: string[]; preferences: WritePreferences },
): string {
  const { resolution } = options.preferences;
  if (!resolution) return "";
  const target = query.onConflict?.map((name) => bodyColumnOf(relation, name).name) ?? relation.primaryKey;
  const updates = options.columns.map((name) => `${quote(name)} = excluded.${quote(name)}`);
  const action = resolution === "ignore-duplicates" || updates.length === 0
    ? "do nothing"
    : `do update set ${updates.join(", ")}`;
  return ` on conflict (${target.map(quote).join(", ")}) ${action}`;
}

export function insertStatement(
  relation: Relation,
  query: RestQuery,
  options: { body: unknown; preferences: WritePreferences },
): Statement {
  const rows = readRows(options.body);
  const columns = insertColumns(rows, query).map((name) => bodyColumnOf(relation, name));
  const names = columns.map(({ name }) => name);
  const values = columns.map(({ name, fallback }) =>
    options.preferences.missingIsDefault && fallback
      ? `case when _element.value::jsonb ? '${name.replaceAll("'", "''")}' then _row.${
        quote(name)
      } else ${fallback} end`
      : `_row.${quote(name)}`
  );
  const table = `public.${quote(relation.name)}`;
  const source = `json_array_elements($1::text::json) with ordinality as _element(value, position),
    lateral json_populate_record(null::${table}, _element.value) as _row order by _element.position`;
  const write = names.length === 0
    ? `insert into ${table} as ${quote(relation.name)} default values`
    : `insert into ${table} as ${quote(relation.name)} (${names.map(quote).join(", ")})
      select ${values.join(", ")} from ${source}${
      onConflict(relation, query, { columns: names, ...options })
    }`;
  const { returnsRows } = options.preferences;
  return {
    text: returning(relation, query, { write, returnsRows }),
    parameters: names.length === 0 ? [] : [JSON.stringify(rows)],
  };
}

function needFilter(verb: string, query: RestQuery): void {
  // Supabase loads safeupdate for its API roles.
  if (query.filters.length > 0) return;
  throw new RestError(400, { code: "21000", message: `${verb} requires a WHERE clause` });
}

export function updateStatement(
  relation: Relation,
  query: RestQuery,
  options: { body: unknown; preferences: WritePreferences },
): Statement {
  needFilter("UPDATE", query);
  const [row = {}] = readRows(options.body);
  const names = Object.keys(row).map((name) => bodyColumnOf(relation, name).name);
  if (names.length === 0) return selectStatement(relation, { ...query, limit: 0 });
  const parameters = [JSON.stringify(row)];
  const table = `public.${quote(relation.name)}`;
  const write = `update ${table} as ${quote(relation.name)}
    set ${names.map((name) => `${quote(name)} = _row.${quote(name)}`).join(", ")}
    from json_populate_record(null::${table}, $1::text::json) as _row` +
    where(relation, query.filters, parameters);
  return {
    text: returning(relation, query, { write, returnsRows: options.preferences.returnsRows }),
    parameters,
  };
}

export function deleteStatement(
  relation: Relation,
  query: RestQuery,
  options: { preferences: WritePreferences },
): Statement {
  needFilter("DELETE", query);
  const parameters: string[] = [];
  const write = `delete from public.${quote(relation.name)} as ${quote(relation.name)}` +
    where(relation, query.filters, parameters);
  return {
    text: returning(relation, query, { write, returnsRows: options.preferences.returnsRows }),
    parameters,
  };
}
