package sio

import (
	"slices"
	"strconv"
	"strings"
)

// preferred picks the content coding that the client wants most, of those
// offered: by its q-values, and of equal ones by its order; what "*" stands for
// comes in ours. It returns "" for no coding (RFC 9110, section 12.5.3).
func preferred(accept, offered []string) string {
	weights := map[string]float64{}
	var order []string
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, known := weights[name]; name != "" && !known {
			order = append(order, name)
			weights[name] = weight(parameters)
		}
	}
	if rest, any := weights["*"]; any {
		for _, name := range offered {
			if _, named := weights[name]; !named {
				order = append(order, name)
				weights[name] = rest
			}
		}
	}
	best := ""
	for _, name := range order {
		if slices.Contains(offered, name) && weights[name] > weights[best] {
			best = name
		}
	}
	return best
}

// weight reads "q=0.5"; without one, or with one that is malformed, it is 1.
func weight(parameters string) float64 {
	key, value, _ := strings.Cut(strings.TrimSpace(parameters), "=")
	if q, err := strconv.ParseFloat(value, 64); err == nil && strings.EqualFold(key, "q") {
		return q
	}
	return 1
}
