// Reading batches: one by id, or a profile's newest. Writes nothing, ever.

import type { Hono } from "hono";
import type { User } from "../_shared/auth.ts";
import { answerTagged, readIfNoneMatch, type Tagged } from "../_shared/conditional.ts";
import { ListBatchesQuery, readRequest } from "../_shared/contracts/requests.ts";
import type { Database } from "../_shared/database.ts";
import { HttpError } from "../_shared/errors.ts";
import {
  createHttpApp,
  readBatchId,
  readProfileId,
  readQuery,
  refuseMethod,
  type RequestScope,
} from "../_shared/http.ts";
import type { Log } from "../_shared/log.ts";
import { createKeptBodies } from "./kept_bodies.ts";
import { type BatchBody, showResults } from "./results.ts";

export interface BatchStatusDeps {
  log: Log;
  authenticate(request: Request): Promise<User>;
  /** With the publishable key: each call brings the user's own token, and row level security decides. */
  database: Database;
  publicUrl: string;
}

function readListQuery(request: Request): ListBatchesQuery {
  const { values, offences } = readQuery(request, ["limit", "before"]);
  const read = readRequest(ListBatchesQuery, values);
  const details = [
    ...offences,
    ...read.offences.map(({ path, message }) => ({ path: `query.${path}`, message })),
  ];
  if (read.value === null || details.length > 0) throw new HttpError("invalid_request", { details });
  return read.value;
}

/** The app behind `batch-status`; paths are as functions see them, `/batch-status/…`. */
export function createApp(deps: BatchStatusDeps): Hono<RequestScope<User>> {
  const app = createHttpApp<User>(deps);
  const keptBodies = createKeptBodies();

  app.get("/batch-status", async (c) => {
    const { limit, before } = readListQuery(c.req.raw);
    const profileId = readProfileId(c.req.raw);
    const known = readIfNoneMatch(c.req.raw);
    const list = await deps.database.call<Tagged<object>>("list_batch_statuses", {
      p_profile_id: profileId,
      p_limit: limit,
      p_before: before,
      p_origin: deps.publicUrl,
      p_etags: known,
    }, { token: c.var.caller.token });
    return answerTagged({ etag: list.etag, text: list.body && JSON.stringify(list.body) }, known);
  });
  app.all("/batch-status", refuseMethod("GET, HEAD"));

  app.get("/batch-status/:batch_id", async (c) => {
    const batchId = readBatchId(c.req.param("batch_id"));
    const known = readIfNoneMatch(c.req.raw);
    const kept = keptBodies.find(batchId);
    const status = await deps.database.call<Tagged<BatchBody> | null>("get_batch_status", {
      p_batch_id: batchId,
      p_origin: deps.publicUrl,
      p_etags: kept ? [...known, kept.etag] : known,
    }, { token: c.var.caller.token });
    if (status === null) throw new HttpError("batch_not_found");
    const { etag, body } = status;
    if (body === null) return answerTagged({ etag, text: kept?.etag === etag ? kept.text : null }, known);
    const text = JSON.stringify(showResults(body, deps.publicUrl));
    keptBodies.keep(batchId, { etag, text });
    return answerTagged({ etag, text }, known);
  });
  app.all("/batch-status/:batch_id", refuseMethod("GET, HEAD"));
  return app;
}
