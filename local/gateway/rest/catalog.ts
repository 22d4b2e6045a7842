// What the exposed schema has: relations with their columns, functions with their arguments. Read once, and again
// whenever a name is not found.

import type { Pool } from "../database.ts";

export interface Column {
  name: string;
  type: string;
  /** The default's SQL expression. */
  fallback: string | null;
}

export interface Relation {
  name: string;
  columns: Map<string, Column>;
  primaryKey: string[];
}

export interface SqlFunction {
  name: string;
  arguments: { name: string; type: string; hasDefault: boolean }[];
  returns: "void" | "json" | "scalar" | "composite";
  returnsSet: boolean;
}

export interface Catalog {
  relations: Map<string, Relation>;
  /** Overloads share a name. */
  functions: Map<string, SqlFunction[]>;
}

const RELATIONS = `
  select c.relname as name,
    coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'fallback', pg_get_expr(d.adbin, d.adrelid)) order by a.attnum), '[]') as columns,
    coalesce((select json_agg(k.attname) from pg_index i
      join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any(i.indkey)
      where i.indrelid = c.oid and i.indisprimary), '[]') as "primaryKey"
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum and a.attgenerated = ''
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
  group by c.oid, c.relname`;

const FUNCTIONS = `
  select p.proname as name, p.proretset as "returnsSet",
    case when p.prorettype = 'void'::regtype then 'void'
      when t.typtype = 'c' or p.prorettype = 'record'::regtype then 'composite'
      when p.prorettype in ('json'::regtype, 'jsonb'::regtype) then 'json' else 'scalar' end as returns,
    coalesce((select json_agg(json_build_object('name', coalesce(p.proargnames[i], ''),
      'type', format_type(p.proargtypes[i - 1], null), 'hasDefault', i > p.pronargs - p.pronargdefaults) order by i)
      from generate_series(1, p.pronargs) i), '[]') as arguments
  from pg_proc p join pg_type t on t.oid = p.prorettype
  where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype`;

const LOOK_AGAIN_AFTER_MS = 1_000;

async function read(pool: Pool): Promise<Catalog> {
  const [relations, functions] = await pool.use((sql) =>
    Promise.all([sql.unsafe(RELATIONS), sql.unsafe(FUNCTIONS)])
  );
  const catalog: Catalog = { relations: new Map(), functions: new Map() };
  for (const row of relations) {
    const columns = new Map((row.columns as Column[]).map((column) => [column.name, column]));
    catalog.relations.set(row.name, { name: row.name, columns, primaryKey: row.primaryKey });
  }
  for (const row of functions) {
    catalog.functions.set(row.name, [
      ...catalog.functions.get(row.name) ?? [],
      row as unknown as SqlFunction,
    ]);
  }
  return catalog;
}

/** A reader of the catalog. `again` asks for one that is at most a second old: something was not found in the last. */
export function createCatalogReader(pool: Pool): (options?: { again: boolean }) => Promise<Catalog> {
  let last: { at: number; catalog: Promise<Catalog> } | null = null;
  return function readCatalog(options = { again: false }) {
    if (last === null || (options.again && performance.now() - last.at > LOOK_AGAIN_AFTER_MS)) {
      const reading = { at: performance.now(), catalog: read(pool) };
      last = reading;
      reading.catalog.catch(() => {
        if (last === reading) last = null;
      });
    }
    return last.catalog;
  };
}
