/** The entry of the bundles for a plain <script>: the global `io`, or the module where a module loader is at work. */
import { io } from "./index.js";

export default io;
