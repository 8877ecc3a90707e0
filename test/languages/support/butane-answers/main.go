// Reads one JSON request a line, answers each with one JSON line: what Butane makes of the text.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/coreos/ignition/v2/butane/config"
	"github.com/coreos/ignition/v2/butane/config/common"
)

type request struct {
	Text     string `json:"text"`
	FilesDir string `json:"filesDir"`
	Raw      bool   `json:"raw"`
}

type answer struct {
	Output  string   `json:"output"`
	Error   string   `json:"error"`
	Entries []string `json:"entries"`
}

func translate(asked request) (told answer) {
	defer func() {
		if reason := recover(); reason != nil {
			told = answer{Error: fmt.Sprint("panic: ", reason)}
		}
	}()
	options := common.TranslateBytesOptions{Raw: asked.Raw}
	options.FilesDir = asked.FilesDir
	output, report, err := config.TranslateBytes([]byte(asked.Text), options)
	told.Output = string(output)
	if err != nil {
		told.Error = err.Error()
	}
	for _, entry := range report.Entries {
		told.Entries = append(told.Entries, entry.String())
	}
	return told
}

func main() {
	requests := bufio.NewReader(os.Stdin)
	answers := bufio.NewWriter(os.Stdout)
	defer answers.Flush()
	encoder := json.NewEncoder(answers)
	for {
		line, err := requests.ReadBytes('\n')
		if len(line) > 1 {
			var asked request
			if problem := json.Unmarshal(line, &asked); problem != nil {
				panic(problem)
			}
			if problem := encoder.Encode(translate(asked)); problem != nil {
				panic(problem)
			}
		}
		if err != nil {
			return
		}
	}
}
