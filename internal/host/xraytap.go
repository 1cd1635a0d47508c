package host

import (
	"context"
	"net"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// xrayTap is a tap with its own x-ray, at one point of a demo's wire.
type xrayTap struct {
	wire *tap.Tap
	xray *xray.Xray
}

func newXrayTap() lesson.Tap {
	wire := tap.New(tap.Config{MaxBytes: laneTap})
	return xrayTap{wire, xray.New(wire,
		xray.Config{MaxRows: laneRows, MaxBytes: 1 << 20, MaxPending: 1 << 20})}
}

func (t xrayTap) Listener(l net.Listener) net.Listener { return t.wire.Listener(l) }

func (t xrayTap) Rows(ctx context.Context) ([]lesson.Row, error) {
	all, err := t.xray.Rows(ctx)
	rows := []lesson.Row{}
	for _, row := range all {
		if row.Layer != xray.TCP {
			rows = append(rows, rowOf(row))
		}
	}
	return rows, err
}

func (t xrayTap) Close() { t.xray.Close() }
