package compare

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
)

// schemaVersion changes when a reader of the JSON would misread a newer Document.
//
// Version 1: over a simulated network, bytes, requests and connections per message leave out what a
// sender beside the server sent.
const schemaVersion = 2

// Schema is the JSON Schema of a Document.
//
//go:embed report.schema.json
var Schema string

// Document holds the results of `lab compare`: one part for each configuration.
type Document struct {
	Version  int       `json:"schema_version"`
	Command  string    `json:"command"` // repeats the measurement
	Measured time.Time `json:"measured"`
	Machine  Machine   `json:"machine"`
	Parts    []*Report `json:"parts"`

	Incomplete *Incomplete `json:"incomplete,omitempty"` // nil if everything was measured
}

// Incomplete says how much of a comparison was measured before it ended early. A turn is one run of
// one transport.
type Incomplete struct {
	Turns int    `json:"turns"` // complete ones
	Of    int    `json:"of"`
	Cause string `json:"cause"` // interrupted, or an error
}

// interrupted is the Cause of an Incomplete that the user ended.
const interrupted = "interrupted"

// Says returns a sentence about it.
func (i Incomplete) Says(language lang.Lang) string {
	if i.Cause == interrupted {
		return fmt.Sprintf(language.Say(
			"Interrupted: %d of %s measured. A turn is one run of one lane.",
			"测量被中断：共 %[2]d 次，完成 %[1]d 次。一次是指一种传输运行一轮。"), i.Turns,
			lang.Counted(i.Of, "turn"))
	}
	return fmt.Sprintf(language.Say(
		"Ended early: %d of %s measured. A turn is one run of one lane. The cause: %s",
		"测量提前结束：共 %[2]d 次，完成 %[1]d 次。一次是指一种传输运行一轮。原因：%[3]s"), i.Turns,
		lang.Counted(i.Of, "turn"), i.Cause)
}

// turns returns the number of turns in the results.
func (d *Document) turns() (n int) {
	for _, part := range d.Parts {
		for _, r := range part.Results {
			n += r.Runs
		}
	}
	return n
}

// NewDocument returns the Document of reports that were measured on this machine. It rounds their
// figures, so that a page is the same before and after it was read back.
func NewDocument(command string, parts []*Report) (*Document, error) {
	d := &Document{Version: schemaVersion, Command: command,
		Measured: time.Now().UTC().Truncate(time.Second), Machine: ThisMachine(), Parts: parts}
	return d.rounded()
}

// rounded returns the document as ReadDocument reads it back.
func (d *Document) rounded() (*Document, error) {
	data, err := json.Marshal(d)
	if err != nil || len(d.Parts) == 0 {
		return d, err
	}
	return ReadDocument(bytes.NewReader(data))
}

// Faults returns what was lost, duplicated or reordered; nil if all messages arrived once and in
// order.
func (d *Document) Faults() error {
	var all []error
	for _, r := range d.Parts {
		if err := r.Faults(); err != nil && len(d.Parts) > 1 {
			all = append(all, fmt.Errorf("%s over %s: %w", r.Config.Workload,
				r.Config.Network, err))
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
			return nil, errors.New(
				"this page has no report in it; want a page of lab compare --report")
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

// complete checks a document that was read, and sets the fields that the JSON has in another form.
func (d *Document) complete() error {
	switch {
	case d.Version == 0:
		return errors.New(
			"not a report of lab compare: it has no schema_version; write " +
				"one with --report or --format json")
	case d.Version > schemaVersion:
		return fmt.Errorf(
			"the report has schema version %d, and this lab reads %d: use a newer lab", d.Version,
			schemaVersion)
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
		of := func(ms float64) time.Duration {
			return time.Duration(ms * float64(time.Millisecond))
		}
		r.Config.Duration, r.Config.Interval, r.Config.Cut = of(r.Config.DurationMS),
			of(r.Config.IntervalMS), of(r.Config.CutMS)
		r.withoutUpload = d.Version < 2 && r.Config.besides()
		for k, x := range r.Results {
			r.Results[k].Workload = r.Config.Workload
			if r.Config.Clients < memoryClients && !slices.Contains(x.Unmeasured, memoryPerClient) {
				r.Results[k].Unmeasured = append(x.Unmeasured, memoryPerClient)
			}
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
