//go:build unix

package load

import "syscall"

// openFiles returns how many files this process may open. Go raises its limit to the most that the
// system permits.
func openFiles() (uint64, bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}

// whenReadable returns what net.RawConn.Read takes to wait until a socket has data.
func whenReadable() func(uintptr) bool { return hasData }

// hasData reports whether a socket has data to read, has ended, or has failed. It does not block.
func hasData(fd uintptr) bool {
	var one [1]byte
	for {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		if err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}

// writeNow writes what a socket takes without blocking, and returns its number of bytes. Errors are
// for the next read to report.
func writeNow(fd uintptr, data []byte) int {
	for {
		n, err := syscall.Write(int(fd), data)
		if err != syscall.EINTR {
			return max(n, 0)
		}
	}
}
