package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version describes this program, as the go command recorded it.
type version struct {
	Version  string `json:"version"`          // of the module; "(devel)" without one
	Commit   string `json:"commit,omitempty"` // empty if it was not built in a clone
	Modified bool   `json:"modified"`         // the clone had changes that are not in the commit
	Go       string `json:"go"`
	System   string `json:"system"`
}

// versionOf reads the version from the program's build information, which may be nil.
func versionOf(info *debug.BuildInfo) version {
	v := version{Version: "(devel)", Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String returns one line: the version, the commit, and what it was built with and for.
func (v version) String() string {
	commit := "unknown commit"
	if v.Commit != "" {
		commit = "commit " + v.Commit[:min(12, len(v.Commit))]
	}
	if v.Modified {
		commit += ", modified"
	}
	return fmt.Sprintf("lab %s (%s) %s %s", v.Version, commit, v.Go, v.System)
}

func thisVersion() version {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

func versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Show the version, the commit and the system of this program",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return printVersion(c.OutOrStdout(), thisVersion(), asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printVersion(w io.Writer, v version, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	_, err := fmt.Fprintln(w, v)
	return err
}
