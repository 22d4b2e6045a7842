// A batch's options, as the contract's own defaults fill them in.

import { CreateBatchRequest } from "../../supabase/functions/_shared/contracts/requests.ts";
import type { ClaimedJob } from "../../supabase/functions/_shared/contracts/jobs.ts";

const { product_ids: _, ...options } = CreateBatchRequest.parse({
  product_ids: ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"],
  tts_provider: "local",
  duration_s: 15,
});

/** The offline voice and the shortest video; all else as it is when nobody asks. */
export const BATCH_OPTIONS: ClaimedJob["options"] = options;
