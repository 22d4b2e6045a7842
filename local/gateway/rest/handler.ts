// `/rest/v1/…` as PostgREST answers it, for the routes of the contract's section 6.

import { assume, type Connections, type Pool } from "../database.ts";
import type { Identify, Identity } from "../identity.ts";
import { NotServed, notServed } from "../not_served.ts";
import { type Catalog, createCatalogReader, type Relation } from "./catalog.ts";
import { errorResponse, RestError } from "./errors.ts";
import { parseQuery, type RestQuery } from "./query.ts";
import { callStatement, findFunction, noSuchFunction } from "./rpc.ts";
import {
  deleteStatement,
  insertStatement,
  selectStatement,
  type Statement,
  updateStatement,
  type WritePreferences,
} from "./statements.ts";

const PREFIX = "/rest/v1/";
const SINGLE_OBJECT = "application/vnd.pgrst.object+json";
const SEARCH_PATH = '"public", "extensions"';

interface Plan {
  statement: Statement;
  readOnly: boolean;
  /** `rows`: a list that may be asked for as one object; `value`: as it is; `none`: no body. */
  answer: "rows" | "value" | "none";
  status: number;
}

function readPreferences(request: Request): WritePreferences {
  const words = (request.headers.get("prefer") ?? "").split(",").map((word) => word.trim()).filter(Boolean);
  for (const word of words) {
    if (
      !/^(return=(minimal|representation)|resolution=(merge|ignore)-duplicates|missing=default)$/.test(word)
    ) {
      throw new NotServed(`"Prefer: ${word}"`);
    }
  }
  return {
    returnsRows: words.includes("return=representation"),
    resolution: words.includes("resolution=merge-duplicates")
      ? "merge-duplicates"
      : words.includes("resolution=ignore-duplicates")
      ? "ignore-duplicates"
      : null,
    missingIsDefault: words.includes("missing=default"),
  };
}

/** Other media types than JSON are PostgREST's too, but not served here. */
function checkAccept(request: Request): void {
  const accepted = (request.headers.get("accept") ?? "*/*").split(",").map((type) =>
    type.split(";q=")[0]!.trim()
  );
  const served = ["*/*", "application/*", "application/json", SINGLE_OBJECT];
  if (!accepted.some((type) => served.includes(type))) {
    throw new NotServed(`"Accept: ${accepted.join(", ")}"`);
  }
}

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new RestError(400, { code: "PGRST102", message: "Empty or invalid json" });
  }
}

function checkSchema(request: Request): void {
  const reads = request.method === "GET" || request.method === "HEAD";
  const schema = request.headers.get(reads ? "accept-profile" : "content-profile");
  if (schema === null || schema === "public") return;
  throw new RestError(406, {
    code: "PGRST106",
    message: `Invalid schema: ${schema}`,
    hint: "Only the following schemas are exposed: public",
  });
}

type ReadCatalog = (options?: { again: boolean }) => Promise<Catalog>;

async function planCall(request: Request, name: string, readCatalog: ReadCatalog): Promise<Plan> {
  const isGet = request.method === "GET" || request.method === "HEAD";
  if (!isGet && request.method !== "POST") throw new NotServed(`${request.method} of a function`);
  readPreferences(request);
  const { searchParams } = new URL(request.url);
  searchParams.delete("apikey");
  let values: { json: Record<string, unknown> } | { texts: Record<string, string> };
  if (isGet) values = { texts: Object.fromEntries(searchParams) };
  else {
    const unknown = [...searchParams.keys()][0];
    if (unknown !== undefined) throw new NotServed(`the parameter "${unknown}" of a function call`);
    const body = await readBody(request);
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new RestError(400, { code: "PGRST102", message: "Empty or invalid json" });
    }
    values = { json: body as Record<string, unknown> };
  }
  const given = Object.keys("json" in values ? values.json : values.texts);
  const target = findFunction(await readCatalog(), name, given) ??
    findFunction(await readCatalog({ again: true }), name, given);
  if (!target) throw noSuchFunction(name, given);
  const isVoid = target.returns === "void" && !target.returnsSet;
  return {
    statement: callStatement(target, values),
    readOnly: isGet,
    answer: isVoid ? "none" : target.returnsSet ? "rows" : "value",
    status: isVoid ? 204 : 200,
  };
}

function planWrite(request: Request, relation: Relation, options: { query: RestQuery; body: unknown }): Plan {
  const { query, body } = options;
  const preferences = readPreferences(request);
  if (request.method !== "POST" && (query.order.length > 0 || query.limit !== null)) {
    throw new NotServed(`order and limit of a ${request.method}`);
  }
  const statement = request.method === "POST"
    ? insertStatement(relation, query, { body, preferences })
    : request.method === "PATCH"
    ? updateStatement(relation, query, { body, preferences })
    : deleteStatement(relation, query, { preferences });
  const { returnsRows } = preferences;
  const status = request.method === "POST" ? 201 : returnsRows ? 200 : 204;
  return { statement, readOnly: false, answer: returnsRows ? "rows" : "none", status };
}

async function planRelation(request: Request, name: string, readCatalog: ReadCatalog): Promise<Plan> {
  const relation = (await readCatalog()).relations.get(name) ??
    (await readCatalog({ again: true })).relations.get(name);
  if (!relation) {
    throw new RestError(404, {
      code: "PGRST205",
      message: `Could not find the table 'public.${name}' in the schema cache`,
    });
  }
  const query = parseQuery(new URL(request.url).searchParams);
  if (request.method === "GET" || request.method === "HEAD") {
    if (request.headers.get("prefer")?.includes("count=")) throw new NotServed(`"Prefer: count"`);
    if (request.headers.has("range")) throw new NotServed("the Range header of a select");
    return { statement: selectStatement(relation, query), readOnly: true, answer: "rows", status: 200 };
  }
  if (!["POST", "PATCH", "DELETE"].includes(request.method)) {
    throw new NotServed(`${request.method} of a table`);
  }
  const body = request.method === "DELETE" ? null : await readBody(request);
  return planWrite(request, relation, { query, body });
}

/** The bytes of the JSON as Postgres wrote them: they are handed on unread. */
interface Row {
  body: Uint8Array<ArrayBuffer> | null;
  count: number;
}

const NULL = new TextEncoder().encode("null");
const NO_ROW: Row = { body: null, count: 0 };

function answer(request: Request, plan: Plan, row: Row): Response {
  if (plan.answer === "none") return new Response(null, { status: plan.status });
  const single = plan.answer === "rows" && (request.headers.get("accept") ?? "").includes(SINGLE_OBJECT);
  const rows = row.body ?? NULL;
  const body = single ? JSON.stringify(JSON.parse(new TextDecoder().decode(rows))[0]) : rows;
  const headers: Record<string, string> = {
    "content-type": single ? `${SINGLE_OBJECT}; charset=utf-8` : "application/json; charset=utf-8",
  };
  if (plan.answer === "rows") headers["content-range"] = row.count > 0 ? `0-${row.count - 1}/*` : "*/*";
  return new Response(request.method === "HEAD" ? null : body, { status: plan.status, headers });
}

/** The driver's raw values: `body`, then `count` in digits. */
function readRow(values: Uint8Array[]): Row {
  const [body, count] = values as [Uint8Array<ArrayBuffer> | null, Uint8Array];
  return { body, count: Number(new TextDecoder().decode(count)) };
}

async function run(
  sql: Connections,
  plan: Plan,
  options: { request: Request; identity: Identity },
): Promise<Row> {
  const single = plan.answer === "rows" &&
    (options.request.headers.get("accept") ?? "").includes(SINGLE_OBJECT);
  return await sql.begin(plan.readOnly ? "read only" : "", async (tx) => {
    const { text, parameters } = plan.statement;
    const [, rows] = await Promise.all([
      assume(tx, { ...options, searchPath: SEARCH_PATH }),
      tx.unsafe<Row[]>(text, parameters, { prepare: true }).raw(),
    ]);
    const row = rows[0] ? readRow(rows[0]) : NO_ROW;
    if (single && row.count !== 1) {
      throw new RestError(406, {
        code: "PGRST116",
        message: "Cannot coerce the result to a single JSON object",
        details: `The result contains ${row.count} rows`,
      });
    }
    return row;
  }) as Row;
}

/** The handler of everything under `/rest/v1/`. */
export function createRest(
  options: { pool: Pool; identify: Identify },
): (request: Request) => Promise<Response> {
  const { pool, identify } = options;
  const readCatalog = createCatalogReader(pool);
  return async function handle(request) {
    const identified = await identify(request);
    if ("refusal" in identified) {
      const { refusal, message } = identified;
      if (refusal === "no_key" || refusal === "unknown_key") {
        return Response.json({ message }, { status: 401 });
      }
      const code = refusal === "expired_token" ? "PGRST303" : "PGRST301";
      return Response.json({ code, message, details: null, hint: null }, {
        status: 401,
        headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${message}"` },
      });
    }
    const { identity } = identified;
    try {
      checkSchema(request);
      checkAccept(request);
      const path = decodeURIComponent(new URL(request.url).pathname.slice(PREFIX.length));
      const name = path.startsWith("rpc/") ? path.slice("rpc/".length) : path;
      if (name === "" || name.includes("/")) throw new NotServed(`${request.method} ${PREFIX}${path}`);
      const plan = path.startsWith("rpc/")
        ? await planCall(request, name, readCatalog)
        : await planRelation(request, name, readCatalog);
      return answer(request, plan, await pool.use((sql) => run(sql, plan, { request, identity })));
    } catch (error) {
      if (error instanceof NotServed) return notServed(error.message);
      const response = errorResponse(error, { isAnonymous: identity.role === "anon" });
      if (!response) throw error;
      return response;
    }
  };
}
