package compare

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	listening "github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// knownProcess returns an error unless the process PID listens at the server's port. It returns
// false if the system does not say so, as for another user's processes.
func (x External) knownProcess(ctx context.Context) (told bool, err error) {
	name, text, err := net.SplitHostPort(x.host())
	if err != nil {
		return false, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return false, err
	}
	if ended(x.PID) {
		return false, fmt.Errorf("--pid %d: this process does not exist", x.PID)
	}
	if !ownHost(ctx, name) {
		return false,
			fmt.Errorf("--pid %d: this process runs on this machine, but %s is "+
				"another one; leave --pid out", x.PID, name)
	}
	listens := func(c listening.ConnectionStat) bool {
		return c.Status == "LISTEN" && c.Laddr.Port == uint32(port)
	}
	own, _ := listening.ConnectionsPidWithContext(ctx, "tcp", x.PID)
	if slices.ContainsFunc(own, listens) {
		return true, nil
	}
	all, err := listening.ConnectionsWithContext(ctx, "tcp")
	if err != nil {
		return false, nil // this system cannot tell
	}
	var owners []string
	for _, c := range all {
		if !listens(c) {
			continue
		}
		if c.Pid == 0 {
			return false, nil
		}
		owners = append(owners, processName(c.Pid))
	}
	if len(owners) == 0 {
		return false, nil // perhaps in another network namespace
	}
	return true, fmt.Errorf("--pid %d: this process does not listen on port %d; %s does", x.PID,
		port, strings.Join(slices.Compact(owners), ", "))
}

// processName returns the ID of a process, with its name if the system tells.
func processName(pid int32) string {
	text := fmt.Sprintf("process %d", pid)
	if p, err := process.NewProcess(pid); err == nil {
		if name, err := p.Name(); err == nil && name != "" {
			text += " (" + name + ")"
		}
	}
	return text
}

// ended reports whether the process has gone or is a zombie.
func ended(pid int32) bool {
	p, err := process.NewProcess(pid)
	if err != nil {
		return true
	}
	status, err := p.Status()
	return err == nil && slices.Contains(status, process.Zombie)
}

// ownHost reports whether a host is this machine.
func ownHost(ctx context.Context, name string) bool {
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, name)
	if err != nil {
		return true // dialing will report the error
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(addrs, func(a net.IPAddr) bool {
		return a.IP.IsLoopback() || a.IP.IsUnspecified() ||
			slices.ContainsFunc(own, func(o net.Addr) bool {
				ip, ok := o.(*net.IPNet)
				return ok && ip.IP.Equal(a.IP)
			})
	})
}
