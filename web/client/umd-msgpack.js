/** As umd.js, with the msgpack parser as the one that is used where no other is named. */
import { io } from "./index.js";
import { Manager } from "./manager.js";
import * as msgpack from "./msgpack-parser.js";

Manager.parser = msgpack;

export default io;
