package event

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// maxFrames bounds what Stack returns.
const maxFrames = 16

// Stack returns the calls that led to the panic that a deferred function is handling, from the one
// that panicked up to the handler, in one line that a log shows as it is:
//
//	main.price (shop/price.go:12) < main.onOrder (shop/main.go:31)
func Stack() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var lines []string
	panicking := false
	for more := true; more && len(lines) < maxFrames; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking, lines = true, nil
		case !panicking, strings.HasPrefix(f.Function, "runtime."):
		case strings.HasPrefix(f.Function, "reflect."),
			strings.Contains(f.Function, "/event.(*Inbox)."):
			more = false // what follows called the handler
		default:
			dir, file := path.Split(f.File)
			lines = append(lines, fmt.Sprintf("%s (%s/%s:%d)", path.Base(f.Function),
				path.Base(dir), file, f.Line))
		}
	}
	return strings.Join(lines, " < ")
}
