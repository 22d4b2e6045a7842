// Storage's error bodies: the real status is in the body, HTTP says 400 for all but the server's own failures.

import { isAway } from "../database.ts";

/** Thrown for a refusal of Storage. */
export class StorageRefusal extends Error {
  override name = "StorageRefusal";
  readonly statusCode: number;
  readonly error: string;

  constructor(statusCode: number, error: string, options: { message: string }) {
    super(options.message);
    this.statusCode = statusCode;
    this.error = error;
  }
}

export const objectNotFound = () => new StorageRefusal(404, "not_found", { message: "Object not found" });
export const duplicate = () =>
  new StorageRefusal(409, "Duplicate", { message: "The resource already exists" });

function fromDatabase(error: unknown): StorageRefusal | null {
  if (isAway(error)) {
    return new StorageRefusal(503, "DatabaseUnavailable", { message: "The database does not answer" });
  }
  switch ((error as { code?: string })?.code) {
    case "42501":
      return new StorageRefusal(403, "Unauthorized", {
        message: "new row violates row-level security policy",
      });
    case "23505":
      return duplicate();
    case "23503":
      return new StorageRefusal(404, "Bucket not found", { message: "Bucket not found" });
    default:
      return null;
  }
}

/** The answer to whatever was thrown; null where it is no refusal of Storage. */
export function storageErrorResponse(error: unknown): Response | null {
  const refusal = error instanceof StorageRefusal ? error : fromDatabase(error);
  if (!refusal) return null;
  const { statusCode, error: word, message } = refusal;
  return Response.json({ statusCode: String(statusCode), error: word, message }, {
    status: statusCode >= 500 ? statusCode : 400,
  });
}
