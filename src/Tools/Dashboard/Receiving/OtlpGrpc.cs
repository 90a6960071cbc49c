using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>OTLP over gRPC. Its methods are in <see cref="OtlpGrpcMethods"/>.</summary>
internal sealed class OtlpGrpc;

/// <summary>
/// The three services' only method. A generated binding would answer a malformed message with Unknown, and leave a sender in doubt about whose fault it is; here bytes come in, and whatever is
/// wrong with them gets its own code.
/// </summary>
internal sealed class OtlpGrpcMethods(IEnumerable<IOtlpSignal> signals) : IServiceMethodProvider<OtlpGrpc>
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);

    private static readonly Marshaller<IMessage> Answers = Marshallers.Create<IMessage>(static answer => answer.ToByteArray(), static _ => throw new NotSupportedException("Answers are not read."));

    /// <inheritdoc />
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OtlpGrpc> context)
    {
        foreach (var signal in signals)
        {
            var method = new Method<byte[], IMessage>(MethodType.Unary, signal.Service, "Export", Bytes, Answers);
            context.AddUnaryMethod(method, [new OtlpEndpoint(signal)], (_, message, call) => Task.FromResult(Take(signal, message)));
        }
    }

    private static IMessage Take(IOtlpSignal signal, byte[] message)
    {
        try
        {
            return signal.Take(message, message.Length);
        }
        catch (OtlpException fault)
        {
            throw fault.ToStatus().ToRpcException();
        }
    }
}
