// Signs and sends a signal with C# and its class library. Tested with Mono 6.8; not run with .NET.
//
//   mcs -r:System.Net.Http -r:System.Runtime.Serialization -r:System.Xml.Linq -r:System.Xml Sign.cs
//   mono Sign.exe check ../vectors/signature.json    checks this signer
//   mono Sign.exe send                               sends one signal to SIGNALS_URL,
//                                                    from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

public static class Sign
{
    /// <summary>The value of X-Signature. The body is the text that is sent, not an object that is serialized again.</summary>
    public static string Signature(string secret, string body, string timestamp, string producerId)
    {
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret)))
            return Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes(body + timestamp + producerId)));
    }

    static bool Send(string url, string producerId, string secret)
    {
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var body = "{\"instrument\":\"XAUUSD\",\"side\":0,\"time\":\"" + now + "\",\"payload\":{\"price\":1950.50}}";
        var request = new HttpRequestMessage(HttpMethod.Post, url + "/api/v1/signals");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Producer-Id", producerId);
        request.Headers.Add("X-Timestamp", now);
        request.Headers.Add("X-Signature", Signature(secret, body, now, producerId));
        using (var client = new HttpClient { Timeout = TimeSpan.FromSeconds(15) })
        {
            var answer = client.SendAsync(request).Result;
            Console.WriteLine((int)answer.StatusCode + " " + answer.Content.ReadAsStringAsync().Result);
            // 200 and 409: one that says the same is stored already, so this one is not to be sent again.
            return new[] { 200, 201, 409 }.Contains((int)answer.StatusCode);
        }
    }

    static bool Check(string path)
    {
        using (var json = JsonReaderWriterFactory.CreateJsonReader(File.ReadAllBytes(path), XmlDictionaryReaderQuotas.Max))
        {
            var vectors = XElement.Load(json).Element("accepted").Elements().ToList();
            var agreed = vectors.Count(vector => vector.Element("signature").Value == Signature(
                vector.Element("secret").Value, vector.Element("body").Value,
                vector.Element("timestamp").Value, vector.Element("producer_id").Value));
            Console.WriteLine(agreed + " vectors agree, " + (vectors.Count - agreed) + " do not");
            return agreed > 0 && agreed == vectors.Count;
        }
    }

    public static int Main(string[] arguments)
    {
        if (arguments.Length == 2 && arguments[0] == "check") return Check(arguments[1]) ? 0 : 1;
        if (arguments.Length == 1 && arguments[0] == "send")
        {
            Func<string, string> setting = Environment.GetEnvironmentVariable;
            return Send(setting("SIGNALS_URL"), setting("SIGNALS_PRODUCER_ID"), setting("SIGNALS_SECRET")) ? 0 : 1;
        }
        Console.Error.WriteLine("Sign check VECTORS | Sign send");
        return 2;
    }
}
