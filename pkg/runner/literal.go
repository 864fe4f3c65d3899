package runner

import "strings"

// literal escapes what a kubelet would expand in a variable's value: a prompt that says
// $(PROMPT) or $$ is handed over as it was written.
func literal(value string) string { return strings.ReplaceAll(value, "$", "$$") }
