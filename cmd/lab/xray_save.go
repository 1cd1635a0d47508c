package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
)

// saveFlag is the flag --save. Its methods can be called from any goroutine.
type saveFlag struct {
	path string

	mu   sync.Mutex // guards what follows
	runs int
	says []lang.Text
}

func (s *saveFlag) add(c *cobra.Command) {
	c.Flags().StringVar(&s.path, "save", "",
		"save all traffic in this file at the end: .pcapng for Wireshark, .jsonl for lab xray "+
			"open, or .har for a browser's developer tools")
	cobra.CheckErr(c.MarkFlagFilename("save", "pcapng", "jsonl", "har"))
}

// check returns an error if the file's name says no format.
func (s *saveFlag) check() error {
	if s.path == "" {
		return nil
	}
	if _, err := capture.FormatOf(s.path); err != nil {
		return usageError{fmt.Errorf("--save %w", err)}
	}
	return nil
}

// begin saves an x-ray's traffic until finish is called with the result: all of it, whichever rows
// are printed. A second run, such as that of a demo that was started again, gets a file of its own.
// Without the flag, begin returns nil.
func (s *saveFlag) begin(x *xray.Xray, scheme string) (*capture.Saver, error) {
	if s.path == "" {
		return nil, nil
	}
	s.mu.Lock()
	s.runs++
	path := s.path
	if s.runs > 1 {
		ext := filepath.Ext(path)
		path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), s.runs, ext)
	}
	s.mu.Unlock()
	saver, err := capture.Save(path, x, scheme)
	if err != nil {
		return nil, fmt.Errorf("--save: %w", err)
	}
	return saver, nil
}

// finish puts the file in place. It does nothing for nil.
func (s *saveFlag) finish(saver *capture.Saver) error {
	if saver == nil {
		return nil
	}
	says, err := saver.Finish()
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = append(s.says, says)
	return nil
}

// tell prints what was saved.
func (s *saveFlag) tell(w io.Writer, language lang.Lang) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, says := range s.says {
		fmt.Fprintln(w, "lab:", says.In(language))
	}
}
