// What clients may send: bodies, headers and query parameters of the functions, each offence named at its path.

import { z } from "zod";
import {
  AI_PROVIDERS,
  DEFAULT_VOICEOVER_TEMPLATE,
  DURATIONS_S,
  ENCODING_PRESETS,
  TEMPLATE_PLACEHOLDERS,
  TTS_PROVIDERS,
} from "./options.ts";

/** One thing that is wrong with a request; `path` is dotted, `""` is the body itself. */
export interface Offence {
  path: string;
  message: string;
}

/** Any 8-4-4-4-12 hex: zod's own `uuid()` refuses ids that Postgres takes. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id in lower case, or null where it is none. */
export function readUuid(text: string): string | null {
  return UUID_PATTERN.test(text) ? text.toLowerCase() : null;
}

/** Adds an offence from within a transform; the schema's own checks would stop at the first of them. */
function refuse(context: z.core.$RefinementCtx, message: string, path: (string | number)[] = []): void {
  context.issues.push({ code: "custom", message, path, input: undefined });
}

/** `min` to `max` ids, each once, in lower case. */
function uuidList(min: number, max: number) {
  return z.unknown().transform((value, context): string[] => {
    if (!Array.isArray(value)) {
      refuse(context, value === undefined ? "is required" : "must be a list of product ids");
      return z.NEVER;
    }
    if (value.length < min || value.length > max) refuse(context, `must name ${min} to ${max} products`);
    const seen = new Set<string>();
    return value.map((item: unknown, index) => {
      const id = typeof item === "string" ? readUuid(item) : null;
      if (id === null) refuse(context, "must be a uuid", [index]);
      else if (seen.has(id)) refuse(context, "names a product that was named before", [index]);
      else seen.add(id);
      return id ?? "";
    });
  });
}

const PLACEHOLDERS = new RegExp(`\\{(?:${TEMPLATE_PLACEHOLDERS.join("|")})\\}`, "g");

/** Text of a person: trimmed, then 1 to `max` code points; only text that Postgres can store. */
function freeText(max: number, check?: (text: string) => string | null) {
  return z.unknown().transform((value, context): string => {
    if (typeof value !== "string") {
      refuse(context, "must be a text");
      return z.NEVER;
    }
    const text = value.trim();
    const length = [...text].length;
    if (length < 1 || length > max) refuse(context, `must have 1 to ${max} characters`);
    if (text.includes("\0")) refuse(context, "must not contain the character NUL");
    if (!text.isWellFormed()) refuse(context, "must not contain unpaired surrogates");
    const offence = check?.(text) ?? null;
    if (offence !== null) refuse(context, offence);
    return text;
  });
}

function checkTemplate(text: string): string | null {
  if (!/[{}]/.test(text.replace(PLACEHOLDERS, ""))) return null;
  const known = TEMPLATE_PLACEHOLDERS.map((name) => `{${name}}`).join(" ");
  return `may have no braces but those of the placeholders ${known}`;
}

function oneOf<const T extends string | number>(values: readonly T[]) {
  return z.literal(values, { error: `must be one of ${values.join(", ")}` });
}

const flag = z.boolean({ error: "must be true or false" }).default(false);

const BODY_IS_NO_OBJECT = "must be a JSON object";

/** `POST /batch-generate`, defaults filled in; all but `product_ids` are the batch's options. */
export const CreateBatchRequest = z.strictObject({
  product_ids: uuidList(2, 50),
  voiceover_mode: oneOf(["quick", "elaborate"]).default("quick"),
  tts_provider: oneOf(TTS_PROVIDERS).default("edge"),
  voice_id: freeText(128).nullable().default(null),
  ai_provider: oneOf(AI_PROVIDERS).default("gemini"),
  duration_s: oneOf(DURATIONS_S).default(30),
  encoding_preset: oneOf(ENCODING_PRESETS).default("tiktok"),
  voiceover_template: freeText(500, checkTemplate).default(DEFAULT_VOICEOVER_TEMPLATE),
  cta_text: freeText(60).nullable().default(null),
  enable_denoise: flag,
  enable_sharpen: flag,
  enable_color_correction: flag,
  concurrency: oneOf([1, 2, 3, 4, 5]).default(1),
}, { error: (issue) => issue.code === "invalid_type" ? BODY_IS_NO_OBJECT : undefined });
export type CreateBatchRequest = z.infer<typeof CreateBatchRequest>;

/** `POST /batch-generate/{batch_id}/retry`; without ids every failed and cancelled row is meant. */
export const RetryBatchRequest = z.strictObject({
  product_ids: uuidList(1, 50).optional(),
}, { error: (issue) => issue.code === "invalid_type" ? BODY_IS_NO_OBJECT : undefined });
export type RetryBatchRequest = z.infer<typeof RetryBatchRequest>;

/** `POST /process-next`. */
export const ProcessNextRequest = z.strictObject({
  batch_id: z.unknown().transform((value, context): string => {
    const id = typeof value === "string" ? readUuid(value) : null;
    if (id === null) refuse(context, value === undefined ? "is required" : "must be a uuid");
    return id ?? "";
  }),
}, { error: (issue) => issue.code === "invalid_type" ? BODY_IS_NO_OBJECT : undefined });

/** 1 to 255 printable ASCII characters. */
export const IdempotencyKey = z.string().regex(/^[\x20-\x7e]{1,255}$/, {
  error: "must be 1 to 255 printable ASCII characters",
});

/** The query of `GET /batch-status`: what a cursor holds is the database's business, its alphabet is not. */
export const ListBatchesQuery = z.object({
  limit: z.string().regex(/^(?:[1-9][0-9]?|100)$/, { error: "must be a whole number from 1 to 100" })
    .transform(Number).default(20),
  before: z.string().regex(/^[0-9]{1,16}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, {
    error: "must be the `next` of an earlier answer",
  }).transform((cursor) => cursor.toLowerCase()).nullable().default(null),
});
export type ListBatchesQuery = z.infer<typeof ListBatchesQuery>;

/** A schema's answer as either the value or every offence; an unknown field's path is its name. */
export function readRequest<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { value: T; offences: [] } | { value: null; offences: Offence[] } {
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data, offences: [] };
  const offences = read.error.issues.flatMap((issue): Offence[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key].join("."), message: "is not a known field" }))
      : [{ path: issue.path.join("."), message: issue.message }]
  );
  return { value: null, offences };
}
