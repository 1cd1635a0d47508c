package load

// openFiles returns how many files this process may open. Windows has no limit for sockets.
func openFiles() (uint64, bool) { return 0, false }

// whenReadable returns what net.RawConn.Read takes to wait until a socket has data: it asks twice,
// and reads zero bytes in between, which blocks until there is data.
func whenReadable() func(uintptr) bool {
	asked := false
	return func(uintptr) bool {
		before := asked
		asked = true
		return before
	}
}

// writeNow writes nothing: a socket of Windows has no write that both does not block and is not
// overlapped.
func writeNow(uintptr, []byte) int { return 0 }
