// Rows of storage.objects: what a caller may do is decided by the policies, under the caller's own role.

import { assume, type Connections, type Pool, type Transaction } from "../database.ts";
import type { Identity } from "../identity.ts";
import { StorageRefusal } from "./errors.ts";

const SEARCH_PATH = '"storage", "public", "extensions"';

export interface ObjectKey {
  bucket: string;
  name: string;
}

export interface StoredObject {
  name: string;
  version: string;
  metadata: { size: number; mimetype: string; cacheControl: string; lastModified: string };
}

export interface Bucket {
  file_size_limit: string | null;
  allowed_mime_types: string[] | null;
}

/** What a new row says of its file. */
export interface NewObject extends ObjectKey {
  version: string;
  ownerId: string | null;
  upsert: boolean;
  metadata: Record<string, unknown>;
}

class RollBack extends Error {}

/** Every statement that Storage runs. `as` runs under the caller's role, the rest as Storage itself. */
export function createObjects(pool: Pool) {
  function as<T>(
    caller: { identity: Identity; request: Request },
    run: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return pool.use((sql) =>
      sql.begin(async (tx) => {
        const [, result] = await Promise.all([assume(tx, { ...caller, searchPath: SEARCH_PATH }), run(tx)]);
        return result;
      }) as Promise<T>
    );
  }

  function insert(sql: Connections | Transaction, row: NewObject): Promise<unknown> {
    const { bucket, name, ownerId, version } = row;
    const metadata = JSON.stringify(row.metadata);
    const owner = /^[0-9a-f-]{36}$/i.test(ownerId ?? "") ? ownerId : null;
    return (row.upsert
      ? sql`insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata)
          values (${bucket}, ${name}, ${owner}, ${ownerId}, ${version}, ${metadata}::text::jsonb)
          on conflict (bucket_id, name) do update set version = excluded.version, metadata = excluded.metadata,
            owner = excluded.owner, owner_id = excluded.owner_id, updated_at = clock_timestamp()`
      : sql`insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata)
          values (${bucket}, ${name}, ${owner}, ${ownerId}, ${version}, ${metadata}::text::jsonb)`) as unknown as Promise<
        unknown
      >;
  }

  return {
    async bucket(id: string): Promise<Bucket> {
      const [row] = await pool.use((sql) =>
        sql<Bucket[]>`
        select file_size_limit, to_json(allowed_mime_types) as allowed_mime_types from storage.buckets where id = ${id}`
      );
      if (!row) throw new StorageRefusal(404, "Bucket not found", { message: "Bucket not found" });
      return row;
    },

    /** Tries the insert and takes it back: a refusal or a duplicate shows before any byte was sent. */
    async tryInsert(caller: { identity: Identity; request: Request }, row: NewObject): Promise<void> {
      await as(caller, async (tx) => {
        await insert(tx, row);
        throw new RollBack();
      }).catch((error) => {
        if (!(error instanceof RollBack)) throw error;
      });
    },

    async exists({ bucket, name }: ObjectKey): Promise<boolean> {
      const rows = await pool.use((sql) =>
        sql`select from storage.objects where bucket_id = ${bucket} and name = ${name}`
      );
      return rows.length > 0;
    },

    /** Makes the row, after the file is in its place; gives the version that it replaced. */
    async record(row: NewObject): Promise<string | null> {
      const { bucket, name } = row;
      return await pool.use((sql) =>
        sql.begin(async (tx) => {
          const [old] = row.upsert
            ? await tx`select version from storage.objects where bucket_id = ${bucket} and name = ${name} for update`
            : [];
          await insert(tx, row);
          return old?.version ?? null;
        })
      ) as string | null;
    },

    async find(
      caller: { identity: Identity; request: Request },
      { bucket, names }: { bucket: string; names: string[] },
    ): Promise<StoredObject[]> {
      return await as(
        caller,
        async (tx) =>
          await tx<StoredObject[]>`select name, version, metadata from storage.objects
          where bucket_id = ${bucket} and name in (select jsonb_array_elements_text(${
            JSON.stringify(names)
          }::text::jsonb))`,
      );
    },

    /** As Storage itself: for who holds a signed URL. */
    async findSigned({ bucket, name }: ObjectKey): Promise<StoredObject | undefined> {
      const [row] = await pool.use((sql) =>
        sql<StoredObject[]>`
        select name, version, metadata from storage.objects where bucket_id = ${bucket} and name = ${name}`
      );
      return row;
    },

    async remove(
      caller: { identity: Identity; request: Request },
      { bucket, names }: { bucket: string; names: string[] },
    ): Promise<(Record<string, unknown> & { version: string })[]> {
      return await as(caller, async (tx) => {
        const [, rows] = await Promise.all([
          tx`select set_config('storage.allow_delete_query', 'true', true)`,
          tx<(Record<string, unknown> & { version: string })[]>`
            delete from storage.objects where bucket_id = ${bucket}
              and name in (select jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb))
            returning id, bucket_id, name, owner, owner_id, version, metadata, created_at, updated_at, last_accessed_at`,
        ]);
        return [...rows];
      });
    },

    /** One level below `prefix`: folders (with a null id) and objects. */
    async list(
      caller: { identity: Identity; request: Request },
      listing: {
        bucket: string;
        prefix: string;
        search: string;
        limit: number;
        offset: number;
        descending: boolean;
      },
    ): Promise<unknown[]> {
      const { bucket, prefix, search, limit, offset } = listing;
      return await as(caller, async (tx) => [
        ...await tx`
          with below as (
            select o.*, substr(o.name, length(${prefix}) + 1) as rest
            from storage.objects o where o.bucket_id = ${bucket} and starts_with(o.name, ${prefix})
          ), entries as (
            select split_part(rest, '/', 1) as name, null::uuid as id, null::timestamptz as updated_at,
              null::timestamptz as created_at, null::timestamptz as last_accessed_at, null::jsonb as metadata
            from below where position('/' in rest) > 0 group by 1
            union all
            select rest, id, updated_at, created_at, last_accessed_at, metadata from below where position('/' in rest) = 0
          )
          select * from entries where starts_with(lower(name), lower(${search}))
          order by ${listing.descending ? tx`name desc` : tx`name`} limit ${limit} offset ${offset}`,
      ]);
    },
  };
}

export type Objects = ReturnType<typeof createObjects>;
