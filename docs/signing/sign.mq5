//+------------------------------------------------------------------+
//| Signs and sends a signal from MetaTrader 5, without any DLL.     |
//|                                                                  |
//| NOT RUN IN METATRADER before it was published: unlike the other  |
//| signers, no test runs this one. So it checks itself first: drag  |
//| it onto a chart, and look for "8 vectors agree, 0 do not" on the |
//| tab Experts. It sends only when all agree and a secret is given. |
//|                                                                  |
//| WebRequest must be allowed for the address of the service, under |
//| Tools, Options, Expert Advisors. By its documentation it knows   |
//| only the ports 80 (http) and 443 (https).                        |
//+------------------------------------------------------------------+
#property script_show_inputs

input string Url        = "https://signals.example.com"; // Where the service is
input string ProducerId = "mt5-gold-1";                  // Who sends
input string Secret     = "";                            // The secret; empty: only check

//--- The UTF-8 bytes of a text. StringToCharArray copies the terminating zero too, and it must not be signed.
void Utf8(const string text, uchar &bytes[])
  {
   int copied = StringToCharArray(text, bytes, 0, WHOLE_ARRAY, CP_UTF8);
   ArrayResize(bytes, MathMax(copied - 1, 0));
  }

bool Sha256(const uchar &data[], uchar &hash[])
  {
   uchar unused[];
   return(CryptEncode(CRYPT_HASH_SHA256, data, unused, hash) == 32);
  }

//--- HMAC-SHA256, RFC 2104
bool HmacSha256(const uchar &secret[], const uchar &message[], uchar &mac[])
  {
   uchar key[], inner[], outer[], hash[];
   if(ArraySize(secret) > 64)
     {
      if(!Sha256(secret, key))
         return(false);
     }
   else
      ArrayCopy(key, secret);
   int used = ArraySize(key);
   ArrayResize(inner, 64);
   ArrayResize(outer, 64);
   for(int i = 0; i < 64; i++)
     {
      int letter = i < used ? key[i] : 0;
      inner[i] = (uchar)(letter ^ 0x36);
      outer[i] = (uchar)(letter ^ 0x5C);
     }
   ArrayCopy(inner, message, 64);
   if(!Sha256(inner, hash))
      return(false);
   ArrayCopy(outer, hash, 64);
   return(Sha256(outer, mac));
  }

//--- The value of X-Signature; empty when the terminal cannot compute it.
string Signature(const string secret, const uchar &body[], const string timestamp, const string producer)
  {
   uchar key[], message[], tail[], mac[], text[], unused[];
   Utf8(secret, key);
   Utf8(timestamp + producer, tail);
   ArrayCopy(message, body);
   ArrayCopy(message, tail, ArraySize(message));
   if(!HmacSha256(key, message, mac))
      return("");
   int size = CryptEncode(CRYPT_BASE64, mac, unused, text);
   return(size > 0 ? CharArrayToString(text, 0, size) : "");
  }

bool Agrees(const string secret, const string body, const string timestamp, const string producer,
            const string expected)
  {
   uchar bytes[];
   Utf8(body, bytes);
   return(Signature(secret, bytes, timestamp, producer) == expected);
  }

//--- The text of these letters, by their numbers in Unicode, so that no editor can change them.
string Letters(const ushort &numbers[])
  {
   string text = "";
   for(int i = 0; i < ArraySize(numbers); i++)
      text += ShortToString(numbers[i]);
   return(text);
  }

//--- Some of the vectors of docs/vectors/signature.json
bool Check()
  {
   string now   = "2026-01-31T12:00:00Z";
   string start = "{\"instrument\":\"XAUUSD\",\"side\":0,\"time\":\"2026-01-31T12:00:00Z\"";
   ushort chinese[] = {0x6D4B, 0x8BD5, 0x6570, 0x636E};
   ushort german[]  = {0xF6, 0xDF};
   ushort russian[] = {0x41A, 0x43B, 0x44E, 0x447};
   string note  = Letters(chinese);
   string price = ",\"payload\":{\"price\":1950.50,\"stop_loss\":1945.00,\"take_profit\":1960.25}}";
   string desk  = "desk-01234567890123456789012345678901234567890123456789-london-1";
   string one   = "for-tests-only-anyone-can-read-this-secret";
   string block = "for-tests-only-a-secret-that-is-longer-than-one-block-of-sha-256-";
   string world = "for-tests-only-Gr" + Letters(german) + "e-" + Letters(russian) + "-" + Letters(chinese);
   int agreed = 0;
   agreed += Agrees(one, start + "}", now, "mt5-gold-1", "dQkuIbhWUl/5T76gRgu6WvB/j4DmLmEdY2mZPfXpkFQ=");
   agreed += Agrees(one, start + price, now, "mt5-gold-1", "fiqZ4190DTVtaU4J1xfwRZq0dAk+sh6z5sGilZToZu4=");
   agreed += Agrees(one, start + "}\n", now, "mt5-gold-1", "EjCcJU2lvvPafn3d3MpaBbJl64jM3cgb1iTq6OP0NlQ=");
   agreed += Agrees(one, start + ",\"payload\":{\"note\":\"" + note + "\"}}", now, "mt5-gold-1",
                    "H5Ua8S6O2MSDZYuhEhT3g0wiXkqEq/rg/G6YK7B3A+w=");
   agreed += Agrees(one, start + "}", "2026-01-31T04:00:00.250-08:00", "mt5-gold-1",
                    "oVKDGgN6Vi1WMPFyi18TLoxW+vRyrUlPUV6UeoaOJw0=");
   agreed += Agrees(one, start + "}", now, desk, "i9Qg7GlLjrt5RLfRKxnvDjJRQCX4NK4MGzHNXql3vtQ=");
   agreed += Agrees(block, start + ",\"payload\":{\"note\":\"a secret of 65 bytes\"}}", now, "mt5-gold-1",
                    "xG6cOIVNL1/Vq3X5TVbEpUjWPx2QeYh4x49ViE2NLHk=");
   agreed += Agrees(world, start + ",\"payload\":{\"note\":\"a secret with letters beyond ASCII\"}}", now, "mt5-gold-1",
                    "LfttaY8bWBm1HukRHqY0/L5hZ73dC+e2Mdw4/gxteJI=");
   PrintFormat("%d vectors agree, %d do not", agreed, 8 - agreed);
   return(agreed == 8);
  }

//--- TimeGMT is the clock of this computer in UTC; TimeCurrent would be the broker's, hours away.
string UtcNow()
  {
   MqlDateTime now;
   TimeToStruct(TimeGMT(), now);
   return(StringFormat("%04d-%02d-%02dT%02d:%02d:%02dZ", now.year, now.mon, now.day, now.hour, now.min, now.sec));
  }

//--- Sends a signal of this chart's symbol, whose name must be of A-Z, 0-9, dot, line or underscore.
bool Send(const int side)
  {
   string now = UtcNow();
   string body = StringFormat("{\"instrument\":\"%s\",\"side\":%d,\"time\":\"%s\",\"payload\":{\"price\":%s}}", _Symbol,
                              side, now, DoubleToString(SymbolInfoDouble(_Symbol, SYMBOL_BID), _Digits));
   uchar bytes[];
   char data[], answer[];
   string headers_received;
   Utf8(body, bytes);
   ArrayCopy(data, bytes);
   string headers = "Content-Type: application/json\r\nX-Producer-Id: " + ProducerId + "\r\nX-Timestamp: " + now +
                    "\r\nX-Signature: " + Signature(Secret, bytes, now, ProducerId) + "\r\n";
   ResetLastError();
   int status = WebRequest("POST", Url + "/api/v1/signals", headers, 15000, data, answer, headers_received);
   if(status == -1)
      PrintFormat("Not sent, error %d: is WebRequest allowed for %s?", GetLastError(), Url);
   else
      PrintFormat("%d %s", status, CharArrayToString(answer, 0, WHOLE_ARRAY, CP_UTF8));
//--- 200 and 409: one that says the same is stored already, so this one is not to be sent again.
   return(status == 200 || status == 201 || status == 409);
  }

void OnStart()
  {
   if(Check() && Secret != "")
      Send(0);
  }
