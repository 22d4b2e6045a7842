// The gateway's process: REST, Auth, Storage, the way to the functions, the sample shop's pictures.

import { serveGateway } from "./serve.ts";

await serveGateway();
