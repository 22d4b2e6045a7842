// The measure of all HTTP figures.

import "../../functions/select-one/index.ts";
