// What `deno task bench:cold` compares with: a function that imports hono, zod, supabase-js and @supabase/server, and answers.

import { verifyAuth } from "@supabase/server/core";
import { createClient } from "@supabase/supabase-js";
import { Hono } from "hono";
import { z } from "zod";

const client = createClient(Deno.env.get("SUPABASE_URL")!, "sb_publishable_loopback");
const app = new Hono().basePath("/baseline");
app.all("*", (c) => c.json({ uses: [typeof z.object, typeof client.from, typeof verifyAuth] }, 401));
Deno.serve(app.fetch);
