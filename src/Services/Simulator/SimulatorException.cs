namespace Simulator;

/// <summary>The Simulator can't go on, and starting it again wouldn't help; the message says why, and the cure.</summary>
internal sealed class SimulatorException(string message, Exception? inner = null) : Exception(message, inner);
