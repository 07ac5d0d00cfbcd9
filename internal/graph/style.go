package graph

import (
	"fmt"
	"strings"
)

// colors are the picture's colours, for light and dark pages.
var colors = []struct{ selector, property, light, dark string }{
	{".page", "fill", "#ffffff", "#0d1117"},
	{".page", "stroke", "#d0d7de", "#30363d"},
	{".text", "fill", "#1f2328", "#e6edf3"},
	{".muted", "fill", "#59636e", "#9198a1"},
	{".unit0", "fill", "#f3f5f8", "#161b22"},
	{".unit1", "fill", "#e7ebf0", "#1f262e"},
	{".unit0,.unit1", "stroke", "#d0d7de", "#30363d"},
	{".card", "fill", "#ffffff", "#0d1117"},
	{".card", "stroke", "#c4ccd4", "#3d444d"},
	{".master", "stroke", "#0969da", "#4493f8"},
	{".badge", "fill", "#59636e", "#9198a1"},
	{".badge-text", "fill", "#ffffff", "#0d1117"},
	{".line.delegation", "stroke", "#0969da", "#4493f8"},
	{".head.delegation", "fill", "#0969da", "#4493f8"},
	{".line.trail", "stroke", "#bc4c00", "#f0883e"},
	{".head.trail", "fill", "#bc4c00", "#f0883e"},
	{".chip.management", "fill", "#ddf4ff", "#0c2d6b"},
	{".chip-text.management", "fill", "#0550ae", "#79c0ff"},
	{".chip.log", "fill", "#fff1e5", "#3d1f0a"},
	{".chip-text.log", "fill", "#953800", "#ffa657"},
	{".chip.users,.chip.Identity", "fill", "#fbefff", "#2f1d54"},
	{".chip-text.users,.chip-text.Identity", "fill", "#6639ba", "#d2a8ff"},
	{".chip.alarms,.chip.conformance,.chip.GuardDuty,.chip.Inspector,.chip.Macie,.chip.Security", "fill", "#fff8c5", "#3b2300"},
	{".chip-text.alarms,.chip-text.conformance,.chip-text.GuardDuty,.chip-text.Inspector,.chip-text.Macie,.chip-text.Security", "fill", "#7d4e00", "#e3b341"},
	{".chip.protected", "fill", "#dafbe1", "#0f3220"},
	{".chip-text.protected", "fill", "#116329", "#56d364"},
	{".chip.quarantined", "fill", "#ffebe9", "#4a1316"},
	{".chip-text.quarantined", "fill", "#a40e26", "#ff7b72"},
}

// styles returns the picture's style sheet. Viewers that don't support the media query show the
// light colours.
func styles() string {
	var light, dark strings.Builder
	for _, c := range colors {
		fmt.Fprintf(&light, "%s{%s:%s}\n", c.selector, c.property, c.light)
		fmt.Fprintf(&dark, "%s{%s:%s}\n", c.selector, c.property, c.dark)
	}
	return "text{font-family:Helvetica,Arial,\"Liberation Sans\",sans-serif}\n" +
		".line{fill:none;stroke-width:1.5}\n.line.delegation{stroke-dasharray:5 3}\n.line.trail{stroke-width:2}\n.chip{stroke:none}\n" +
		light.String() + "@media(prefers-color-scheme:dark){\n" + dark.String() + "}\n"
}
