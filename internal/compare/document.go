package compare

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"realtimelab/internal/netsim"
)

// schemaVersion changes when a reader of the JSON would misread a newer Document.
const schemaVersion = 1

// Schema is the JSON Schema of a Document.
//
//go:embed report.schema.json
var Schema string

// Document is what `lab compare` measured: one part for each configuration.
type Document struct {
	Version  int       `json:"schema_version"`
	Command  string    `json:"command"` // measures the same again
	Measured time.Time `json:"measured"`
	Machine  Machine   `json:"machine"`
	Parts    []*Report `json:"parts"`
}

// NewDocument returns the Document of reports that were measured on this machine. It rounds their
// figures, so that a page says the same before and after it was read back.
func NewDocument(command string, parts []*Report) (*Document, error) {
	d := &Document{Version: schemaVersion, Command: command, Measured: time.Now().UTC().Truncate(time.Second), Machine: ThisMachine(), Parts: parts}
	data, err := json.Marshal(d)
	if err != nil || len(parts) == 0 {
		return d, err
	}
	return ReadDocument(bytes.NewReader(data))
}

// Faults returns what was lost, duplicated or reordered; nil if all messages arrived once and in order.
func (d *Document) Faults() error {
	var all []error
	for _, r := range d.Parts {
		if err := r.Faults(); err != nil && len(d.Parts) > 1 {
			all = append(all, fmt.Errorf("%s over %s: %w", r.Config.Workload, r.Config.Network, err))
		} else {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// JSON writes the document as one indented object.
func (d *Document) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// The script element of a page that holds its Document.
const (
	dataBegins = `<script type="application/json" id="report">`
	dataEnds   = `</script>`
)

// maxDocument bounds a file that ReadDocument reads.
const maxDocument = 64 << 20

// ReadDocument reads a Document from its JSON, or from the page that HTML wrote.
func ReadDocument(in io.Reader) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("larger than %d MiB, so it is not a report", maxDocument>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if page := bytes.TrimSpace(data); len(page) > 0 && page[0] == '<' {
		_, after, found := bytes.Cut(page, []byte(dataBegins))
		inside, _, closed := bytes.Cut(after, []byte(dataEnds))
		if !found || !closed {
			return nil, errors.New("this page has no report in it; want a page of lab compare --report")
		}
		var err error
		if data, err = rows(inside); err != nil {
			return nil, fmt.Errorf("not a report of lab compare: %w", err)
		}
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("not a report of lab compare: %w", err)
	}
	return &d, d.complete()
}

// complete checks what was read and fills what the JSON has in another form.
func (d *Document) complete() error {
	switch {
	case d.Version == 0:
		return errors.New("not a report of lab compare: it has no schema_version; write one with --report or --format json")
	case d.Version > schemaVersion:
		return fmt.Errorf("the report has schema version %d, and this lab reads %d: use a newer lab", d.Version, schemaVersion)
	case len(d.Parts) == 0:
		return errors.New("the report has no parts: nothing was measured")
	}
	for i, r := range d.Parts {
		if r == nil {
			return fmt.Errorf("part %d of the report is empty", i+1)
		}
		var err error
		if r.Config.Net, err = netsim.Parse(r.Config.Network); err != nil {
			return fmt.Errorf("part %d of the report: %w", i+1, err)
		}
		of := func(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
		r.Config.Duration, r.Config.Interval, r.Config.Cut = of(r.Config.DurationMS), of(r.Config.IntervalMS), of(r.Config.CutMS)
		for k, x := range r.Results {
			r.Results[k].Workload = r.Config.Workload
			if x.Spread == nil { // an empty one is not in columns
				r.Results[k].Spread = Spread{}
			}
			if strings.TrimSpace(x.Transport) == "" {
				return fmt.Errorf("part %d of the report has a result without a transport", i+1)
			}
		}
	}
	return nil
}
