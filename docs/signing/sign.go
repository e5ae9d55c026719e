// Signs and sends a signal with Go's standard library.
//
//	go run sign.go check ../vectors/signature.json    checks this signer
//	go run sign.go send                               sends one signal to SIGNALS_URL,
//	                                                  from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// signature is the value of X-Signature. The body is the bytes that are sent, not a value that is marshalled again.
func signature(secret string, body []byte, timestamp, producerID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	mac.Write([]byte(timestamp + producerID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func send(url, producerID, secret string) (bool, error) {
	now := time.Now().UTC().Format("2006-01-02T15:04:05Z")
	payload := map[string]any{"price": 1950.5}
	body, err := json.Marshal(map[string]any{"instrument": "XAUUSD", "side": 0, "time": now, "payload": payload})
	if err != nil {
		return false, err
	}
	request, err := http.NewRequest(http.MethodPost, url+"/api/v1/signals", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Producer-Id", producerID)
	request.Header.Set("X-Timestamp", now)
	request.Header.Set("X-Signature", signature(secret, body, now, producerID))
	client := http.Client{Timeout: 15 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(text))
	switch answer.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusConflict:
		// 200 and 409: one that says the same is stored already, so this one is not to be sent again.
		return true, err
	}
	return false, err
}

func check(path string) (bool, error) {
	var document struct {
		Accepted []struct {
			Secret, Body, Timestamp, Signature string
			ProducerID                         string `json:"producer_id"`
		}
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	agreed := 0
	for _, vector := range document.Accepted {
		if signature(vector.Secret, []byte(vector.Body), vector.Timestamp, vector.ProducerID) == vector.Signature {
			agreed++
		}
	}
	wrong := len(document.Accepted) - agreed
	fmt.Printf("%d vectors agree, %d do not\n", agreed, wrong)
	return agreed > 0 && wrong == 0, err
}

func main() {
	var good bool
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "check":
		good, err = check(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "send":
		good, err = send(os.Getenv("SIGNALS_URL"), os.Getenv("SIGNALS_PRODUCER_ID"), os.Getenv("SIGNALS_SECRET"))
	default:
		fmt.Fprintln(os.Stderr, "go run sign.go check VECTORS | go run sign.go send")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}
