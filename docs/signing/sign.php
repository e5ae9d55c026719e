<?php
// Signs and sends a signal with PHP 8 and none of its extensions.
//
//   php sign.php check ../vectors/signature.json    checks this signer
//   php sign.php send                               sends one signal to SIGNALS_URL,
//                                                   from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
declare(strict_types=1);

// The value of X-Signature. $body is the text that is sent, not an array that is encoded again. The `true` asks
// hash_hmac for the 32 bytes: without it, it gives hex, and base64 of hex is refused.
function signature(string $secret, string $body, string $timestamp, string $producerId): string
{
    return base64_encode(hash_hmac('sha256', $body . $timestamp . $producerId, $secret, true));
}

function send(string $url, string $producerId, string $secret): bool
{
    $now = gmdate('Y-m-d\TH:i:s\Z');
    $signal = ['instrument' => 'XAUUSD', 'side' => 0, 'time' => $now, 'payload' => ['price' => 1950.5]];
    $body = json_encode($signal, JSON_THROW_ON_ERROR);
    $request = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Content-Type: application/json',
            "X-Producer-Id: $producerId",
            "X-Timestamp: $now",
            'X-Signature: ' . signature($secret, $body, $now, $producerId),
        ],
        'content' => $body,
        'protocol_version' => 1.1,
        'ignore_errors' => true, // or else the answer to a refused request cannot be read
        'timeout' => 15,
    ]]);
    $answer = fopen("$url/api/v1/signals", 'r', false, $request);
    if ($answer === false) {
        return false;
    }
    $status = explode(' ', stream_get_meta_data($answer)['wrapper_data'][0])[1];
    echo $status, ' ', stream_get_contents($answer), "\n";
    // 200 and 409: one that says the same is stored already, so this one is not to be sent again.
    return in_array($status, ['200', '201', '409'], true);
}

function check(string $path): bool
{
    $document = json_decode(file_get_contents($path), true, 512, JSON_THROW_ON_ERROR);
    $agreed = $wrong = 0;
    foreach ($document['accepted'] as $vector) {
        $actual = signature($vector['secret'], $vector['body'], $vector['timestamp'], $vector['producer_id']);
        $actual === $vector['signature'] ? $agreed++ : $wrong++;
    }
    echo "$agreed vectors agree, $wrong do not\n";
    return $agreed > 0 && $wrong === 0;
}

if (($argv[1] ?? '') === 'check' && isset($argv[2])) {
    exit(check($argv[2]) ? 0 : 1);
}
if (($argv[1] ?? '') === 'send') {
    exit(send(getenv('SIGNALS_URL'), getenv('SIGNALS_PRODUCER_ID'), getenv('SIGNALS_SECRET')) ? 0 : 1);
}
fwrite(STDERR, "php sign.php check VECTORS | php sign.php send\n");
exit(2);
