// Answers kicks, and does nothing about them.

Deno.serve(() => Response.json({ job_id: null }));
