// Package facts holds what the lessons say of browsers, servers and the wire against the real thing.
package facts
