// A stand-in of Supabase's management API on loopback: as much of it as `link`, `secrets set`,
// `functions deploy` and `db query` use.

import { PROJECT_REF } from "./supabase_cli.ts";

/** One function as the CLI uploaded it: its metadata and its files by path. */
export interface Upload {
  metadata: { name: string; entrypoint_path: string; import_map_path: string; verify_jwt: boolean };
  files: Map<string, Uint8Array>;
}

export interface ManagementApi extends AsyncDisposable {
  url: string;
  /** By the function's name. */
  uploads: Map<string, Upload>;
  secrets: Map<string, string>;
}

const PROJECT = {
  id: PROJECT_REF,
  ref: PROJECT_REF,
  organization_id: "shop",
  organization_slug: "shop",
  name: "reelbatch",
  region: "eu-central-1",
  created_at: "2026-01-01T00:00:00Z",
  status: "ACTIVE_HEALTHY",
  database: { host: "db.localhost", version: "17.6.1.001", postgres_engine: "17", release_channel: "ga" },
};

/** `query` runs a statement on the project's database and gives its rows. */
export function startManagementApi(
  options: { query?: (statement: string, options: { readOnly: boolean }) => Promise<unknown[]> } = {},
): ManagementApi {
  const uploads: ManagementApi["uploads"] = new Map();
  const secrets: ManagementApi["secrets"] = new Map();
  const routes: Record<string, (request: Request, url: URL) => Promise<Response> | Response> = {
    "GET ": () => Response.json(PROJECT),
    "GET /api-keys": () =>
      Response.json([
        { name: "default", type: "publishable", api_key: "sb_publishable_loopback" },
        { name: "default", type: "secret", api_key: "sb_secret_loopback" },
      ]),
    "POST /secrets": async (request) => {
      for (const { name, value } of await request.json()) secrets.set(name, value);
      return new Response(null, { status: 201 });
    },
    "POST /functions/deploy": async (request, url) => {
      const slug = url.searchParams.get("slug") ?? "";
      uploads.set(slug, await readUpload(request));
      const verify_jwt = uploads.get(slug)?.metadata.verify_jwt;
      const answer = { id: slug, slug, name: slug, status: "ACTIVE", version: 1, verify_jwt };
      return Response.json({ ...answer, created_at: 1, updated_at: 1 }, { status: 201 });
    },
    "POST /database/query": async (request) => {
      const { query, read_only } = await request.json();
      if (!options.query) return Response.json({ message: "there is no database" }, { status: 500 });
      const asked = options.query(query, { readOnly: read_only === true });
      return await asked.then(
        (rows) => Response.json(rows, { status: 201 }),
        (error) => Response.json({ message: `Failed to run sql query: ${error}` }, { status: 400 }),
      );
    },
    "PUT /functions": async (request) => {
      const functions = await request.json() as Record<string, unknown>[];
      return Response.json({ functions: functions.map((each) => ({ ...each, updated_at: 2 })) });
    },
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const url = new URL(request.url);
    const path = url.pathname.replace(`/v1/projects/${PROJECT_REF}`, "");
    const route = routes[`${request.method} ${path}`];
    return route ? route(request, url) : Response.json({ message: "not found" }, { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    uploads,
    secrets,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function readUpload(request: Request): Promise<Upload> {
  const form = await request.formData();
  const files: Upload["files"] = new Map();
  for (const part of form.getAll("file")) {
    if (part instanceof File) files.set(part.name, new Uint8Array(await part.arrayBuffer()));
  }
  const metadata = form.get("metadata");
  return { metadata: JSON.parse(metadata instanceof File ? await metadata.text() : String(metadata)), files };
}
