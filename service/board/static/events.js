/**
 * Server-sent events (HTML Living Standard, section 9.2) out of the body of an answer, each as its fields. The service
 * ends every line with a line feed alone, and writes each field on one line.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} alive Called whenever something arrives.
 * @returns {AsyncGenerator<{event?: string, id?: string, data?: string, retry?: string}>}
 */
export async function* serverSentEvents(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let fields = {};
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line) {
        const [, name, content] = line.match(/^([^:]*):? ?(.*)$/s); // s: a payload may have U+2028
        fields[name] = content;
      } else {
        yield fields;
        fields = {};
      }
    }
  }
}
