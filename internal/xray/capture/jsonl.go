package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"realtimelab/internal/xray"
)

// maxLine bounds one row in JSON, in bytes.
const maxLine = 32 << 20

// readRows reads rows in JSON, one a line. It skips the lines with addresses that --json prints
// first.
func readRows(in *bufio.Reader, to *xray.Restorer, pace func() error) error {
	const paced = 500
	offset, demo := int64(0), ""
	for n := 1; ; n++ {
		line, err := readLine(in)
		fault := func(err error) error {
			return &xray.FileError{Offset: offset, Err: fmt.Errorf("line %d: %w", n, err)}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fault(err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			name, row, bad := peekRow(line)
			var syntax *json.SyntaxError
			switch {
			case errors.As(bad, &syntax) && errors.Is(err, io.EOF):
				return fault(errors.New("the file ends in the middle of a row"))
			case bad != nil:
				return fault(bad)
			case row && demo != "" && name != demo:
				return fault(fmt.Errorf("rows of two demos, %s and %s: keep the rows of one",
					demo, name))
			case row:
				demo = name
				if bad := to.Row(line); bad != nil {
					return fault(bad)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		offset += int64(len(line))
		if n%paced == 0 {
			if err := pace(); err != nil {
				return err
			}
		}
	}
}

// readLine reads one line with its end. At the end of the file it returns the rest, and io.EOF.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fmt.Errorf("longer than %d MiB", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// peekRow returns the demo that a line belongs to, and whether the line is a row.
func peekRow(line []byte) (demo string, row bool, err error) {
	var head struct {
		ID    uint64
		Layer string
		Demo  string
		URL   string
		Page  string
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return "", false, err
	}
	row = head.ID != 0 || head.Layer != ""
	if !row && head.URL == "" && head.Page == "" {
		return "", false, errors.New(`not a row of the x-ray: it has no "id" and no "layer"`)
	}
	return head.Demo, row, nil
}
