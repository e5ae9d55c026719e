// Signs and sends a signal with Java (11 or newer) and nothing else.
//
//   java Sign.java check ../vectors/signature.json    checks this signer
//   java Sign.java send                               sends one signal to SIGNALS_URL,
//                                                     from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
    /** The value of X-Signature. The body is the text that is sent, not an object that is written as JSON again. */
    static String signature(String secret, String body, String timestamp, String producerId) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        return Base64.getEncoder().encodeToString(mac.doFinal((body + timestamp + producerId).getBytes(UTF_8)));
    }

    static boolean send(String url, String producerId, String secret) throws Exception {
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        String body = "{\"instrument\":\"XAUUSD\",\"side\":0,\"time\":\"" + now + "\",\"payload\":{\"price\":1950.50}}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/api/v1/signals"))
            .timeout(Duration.ofSeconds(15))
            .header("Content-Type", "application/json")
            .header("X-Producer-Id", producerId)
            .header("X-Timestamp", now)
            .header("X-Signature", signature(secret, body, now, producerId))
            .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
        // 200 and 409: one that says the same is stored already, so this one is not to be sent again.
        return List.of(200, 201, 409).contains(answer.statusCode());
    }

    static boolean check(String path) throws Exception {
        String[] parts = Files.readString(Path.of(path)).split("\"refused\": ")[0].split("\"name\": ");
        int agreed = 0;
        for (int i = 1; i < parts.length; i++) {
            String vector = parts[i];
            String actual = signature(
                field(vector, "secret"), field(vector, "body"), field(vector, "timestamp"), field(vector, "producer_id"));
            agreed += actual.equals(field(vector, "signature")) ? 1 : 0;
        }
        System.out.println(agreed + " vectors agree, " + (parts.length - 1 - agreed) + " do not");
        return agreed > 0 && agreed == parts.length - 1;
    }

    /** A text field of one vector: Java has no JSON reader of its own, and this is enough for the file of vectors. */
    static String field(String json, String name) {
        Matcher quoted = Pattern.compile("\"" + name + "\": \"((?:[^\"\\\\]++|\\\\.)*+)\"").matcher(json);
        if (!quoted.find()) throw new IllegalArgumentException("no " + name);
        return Pattern.compile("\\\\(u[0-9a-f]{4}|.)").matcher(quoted.group(1)).replaceAll(escape -> {
            String text = escape.group(1);
            int control = "bfnrt".indexOf(text);
            String plain = control < 0 ? text : "\b\f\n\r\t".substring(control, control + 1);
            return Matcher.quoteReplacement(
                text.length() == 5 ? "" + (char) Integer.parseInt(text.substring(1), 16) : plain);
        });
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 2 && arguments[0].equals("check")) System.exit(check(arguments[1]) ? 0 : 1);
        if (arguments.length != 1 || !arguments[0].equals("send")) {
            System.err.println("java Sign.java check VECTORS | java Sign.java send");
            System.exit(2);
        }
        var env = System.getenv();
        boolean accepted = send(env.get("SIGNALS_URL"), env.get("SIGNALS_PRODUCER_ID"), env.get("SIGNALS_SECRET"));
        System.exit(accepted ? 0 : 1);
    }
}
