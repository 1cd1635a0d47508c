package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// rounds bounds the passes of endStrays: a family may start new members while its old ones are
// killed.
const rounds = 20

// endStrays kills every process of the family that left its process group.
func endStrays(family string) {
	mark := []byte(familyVariable + "=" + family + "\x00")
	for range rounds {
		found := false
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range all {
			env, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(env, mark) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
			}
		}
		if !found {
			return
		}
	}
}

// resident returns the memory that a process uses, in bytes, and 0 if the process has ended.
func resident(pid int) uint64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize())
}
