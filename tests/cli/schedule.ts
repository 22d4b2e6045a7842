// pg_cron and pg_net as a hosted project runs them: jobs in seconds are run, queued requests are sent, answers are kept.

import type { Sql } from "postgres";

interface QueuedRequest {
  id: number;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
  timeout_milliseconds: number;
}

/** Runs one round of the schedule: every job whose schedule is in seconds, then all that they asked to be sent. */
export async function runSchedule(sql: Sql): Promise<void> {
  const jobs = await sql`select jobid, command from cron.job where active and schedule like '%seconds'`;
  for (const { jobid, command } of jobs) {
    const started = new Date();
    const said = await sql.unsafe(command).then(() => null, (error) => String(error));
    await sql`insert into cron.job_run_details (jobid, command, status, return_message, start_time, end_time)
      values (${jobid}, ${command}, ${said === null ? "succeeded" : "failed"}, ${said}, ${started}, now())`;
  }
  const queued = await sql<QueuedRequest[]>`delete from net.http_request_queue
    returning id::int, method, url, headers, body, timeout_milliseconds`;
  await Promise.all(queued.map((request) => send(sql, request)));
}

async function send(sql: Sql, request: QueuedRequest): Promise<void> {
  const { id, method, url, headers, body, timeout_milliseconds } = request;
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body ? { body } : {}),
      signal: AbortSignal.timeout(timeout_milliseconds),
    });
    const content = await response.text();
    await sql`insert into net._http_response (id, status_code, content) values (${id}, ${response.status}, ${content})`;
  } catch (error) {
    await sql`insert into net._http_response (id, error_msg) values (${id}, ${String(error)})`;
  }
}
