//go:build !windows

package certificate

// unixModes reports whether the mode of a file says who can read it.
const unixModes = true
