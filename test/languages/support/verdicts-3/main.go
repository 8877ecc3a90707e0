// Answers for Ignition configs of version 3, and for Butane configs in their place, what Ignition's own package says of them: one
// config a line in, in base64; one JSON object a line out.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/coreos/ignition/v2/config"
)

type verdict struct {
	Accepted bool   `json:"accepted"`
	Warnings int    `json:"warnings"`
	Report   string `json:"report"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		raw, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		answer, err := json.Marshal(judge(raw))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(answer))
	}
}

func judge(raw []byte) verdict {
	_, report, err := config.Parse(raw)
	warnings := 0
	for _, entry := range report.Entries {
		if entry.Kind.String() == "warning" {
			warnings++
		}
	}
	text := report.String()
	if err != nil {
		text += err.Error()
	}
	return verdict{err == nil && !report.IsFatal(), warnings, text}
}
