// `batch-status` as it is deployed.

import "../../../../supabase/functions/batch-status/index.ts";
