// Package facts tests the lessons' statements about browsers, servers and the wire with real ones.
package facts
