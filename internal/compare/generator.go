package compare

import (
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
)

// A Generator measures the cost of the clients and the simulated networks: the CPU time of this
// process, and of the whole machine.
type Generator struct {
	cpu     time.Duration
	machine machine
}

// WatchGenerator begins to watch.
func WatchGenerator() Generator { return Generator{ownCPU(), machineTimes()} }

// Spent returns the CPU time of this process since the start, and the busy fraction of the
// machine's CPU time, 0 to 1.
func (g Generator) Spent() (time.Duration, float64) {
	return ownCPU() - g.cpu, g.machine.busySince()
}

// machine is the CPU time of the whole machine so far, in seconds.
type machine struct{ total, idle float64 }

func machineTimes() machine {
	all, err := cpu.Times(false)
	if err != nil || len(all) == 0 {
		return machine{}
	}
	c := all[0]
	idle := c.Idle + c.Iowait
	return machine{c.User + c.System + c.Nice + c.Irq + c.Softirq + c.Steal + idle, idle}
}

func (m machine) busySince() float64 {
	now := machineTimes()
	if now.total <= m.total {
		return 0
	}
	return 1 - (now.idle-m.idle)/(now.total-m.total)
}
