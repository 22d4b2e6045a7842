// This project's queue: create_batch, then claim_job and complete_job by workers over `pg`, as the peers' workers use it.

import { BATCH_SIZE, type Contender } from "./contender.ts";
import { loadPg } from "./packages.ts";

/** What the database's owner has laid out for it. */
export interface BenchShop {
  userId: string;
  profileId: string;
  productIds: string[];
  options: Record<string, unknown>;
}

interface Claim {
  job: { job_id: string; lease_token: string } | null;
}

function resultOf(jobId: string, profileId: string): string {
  const base = `${profileId}/${jobId}/${jobId}-1-0123456789abcdef`;
  return JSON.stringify({
    video_path: `${base}.mp4`,
    video_token: "video.token",
    thumbnail_path: `${base}.jpg`,
    thumbnail_token: "thumbnail.token",
    subtitles_path: `${base}.srt`,
    subtitles_token: "subtitles.token",
    url_expires_at: "2027-11-23T00:00:00Z",
    duration_s: 15,
    width: 1080,
    height: 1920,
    size_bytes: 1000,
    warnings: [],
  });
}

export async function openReelbatch(
  url: string,
  { shop, workers, settings = "" }: {
    shop: BenchShop;
    workers: number;
    /** Of its connections, as a server's command line has them. */
    settings?: string;
  },
) {
  const { default: { Pool } } = await loadPg();
  const pool = new Pool({
    connectionString: url,
    max: workers,
    options: `-c role=service_role ${settings}`,
  });
  let batchIds: string[] = [];

  /** A statement with a name is prepared once a connection, as PostgREST and the peers do it. */
  const ask = async <T>(
    name: string,
    { text, values }: { text: string; values: unknown[] },
  ): Promise<T> => {
    const { rows } = await pool.query<{ answer: T }>({ name, text, values });
    return rows[0]!.answer;
  };
  const claim = (batchId: string) =>
    ask<Claim>("claim", {
      text: "select public.claim_job($1) as answer",
      values: [batchId],
    });
  const complete = (jobId: string, token: string) =>
    ask<{ current: boolean }>("complete", {
      text: "select public.complete_job($1, $2, $3) as answer",
      values: [jobId, token, resultOf(jobId, shop.profileId)],
    });

  return {
    name: "Reelbatch",
    async enqueue() {
      const { batch_id } = await ask<{ batch_id: string }>("create", {
        text: "select public.create_batch($1, null, null, $2::uuid[], $3) as answer",
        values: [
          shop.userId,
          shop.productIds.slice(0, BATCH_SIZE),
          JSON.stringify(shop.options),
        ],
      });
      batchIds.push(batch_id);
    },
    async drain(load, job) {
      const waiting = [...batchIds];
      await Promise.all(Array.from({ length: load.workers }, async () => {
        for (
          let batchId = waiting.shift();
          batchId;
          batchId = waiting.shift()
        ) {
          for (
            let { job: row } = await claim(batchId);
            row;
            { job: row } = await claim(batchId)
          ) {
            job.run();
            if (
              !(await complete(row.job_id, row.lease_token)).current
            ) throw new Error("a lease was lost");
          }
        }
      }));
      await job.all;
    },
    async countOpen() {
      const { rows } = await pool.query<{ open: string }>({
        text: `select count(*) filter (where status <> 'completed') as open from public.jobs
          where batch_id = any ($1::uuid[]) having count(*) = $2`,
        values: [batchIds, batchIds.length * BATCH_SIZE],
      });
      batchIds = [];
      return Number(rows[0]?.open ?? NaN);
    },
    close: () => pool.end(),
  } satisfies Contender;
}
