// `batch-generate` as it is deployed.

import "../../../../supabase/functions/batch-generate/index.ts";
