// As deployed.

import "../../../../supabase/functions/batch-generate/index.ts";
